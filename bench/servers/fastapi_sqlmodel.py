"""FastAPI with SQLModel, as their guides say: OAuth2 bearer tokens with PyJWT, models for what comes in and goes out, a session a request."""
import base64
import os
import uuid
from datetime import date, datetime, timezone
from enum import Enum
from typing import List, Optional

import jwt
from fastapi import Depends, FastAPI, Header, HTTPException, Query, Response
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import Extra, conlist, constr
from sqlalchemy import ARRAY, Column, DateTime, Text, or_, tuple_
from sqlmodel import Field, Session, SQLModel, create_engine, select

engine = create_engine(os.environ["DATABASE_URL"].replace("postgres://", "postgresql://"), pool_size=int(os.environ["POOL"]), max_overflow=0)
bearer = HTTPBearer()


class Status(str, Enum):
    todo = "todo"
    in_progress = "in_progress"
    done = "done"
    cancelled = "cancelled"


class Priority(str, Enum):
    none = "none"
    low = "low"
    medium = "medium"
    high = "high"
    urgent = "urgent"


def now() -> datetime:
    return datetime.now(timezone.utc)


class Task(SQLModel, table=True):
    __tablename__ = "plain_tasks"
    id: uuid.UUID = Field(default_factory=uuid.uuid4, primary_key=True)
    owner_id: str
    title: str
    description: str = ""
    status: str = "todo"
    priority: str = "none"
    due: Optional[str] = None
    tags: List[str] = Field(default=[], sa_column=Column(ARRAY(Text)))
    completed_at: Optional[datetime] = Field(default=None, sa_column=Column(DateTime(timezone=True)))
    created_at: datetime = Field(default_factory=now, sa_column=Column(DateTime(timezone=True)))
    updated_at: datetime = Field(default_factory=now, sa_column=Column(DateTime(timezone=True)))
    version: int = 1


class TaskEdit(SQLModel, extra=Extra.forbid):
    title: Optional[constr(min_length=1, max_length=200)] = None
    description: Optional[constr(max_length=10_000)] = None
    status: Optional[Status] = None
    priority: Optional[Priority] = None
    due: Optional[date] = None
    tags: Optional[conlist(constr(min_length=1, max_length=50), max_items=20)] = None


class TaskDraft(TaskEdit):
    title: constr(min_length=1, max_length=200)


class TaskRead(SQLModel):
    id: uuid.UUID
    title: str
    description: str
    status: str
    priority: str
    due: Optional[str]
    tags: List[str]
    completedAt: Optional[datetime] = Field(alias="completed_at")
    createdAt: datetime = Field(alias="created_at")
    updatedAt: datetime = Field(alias="updated_at")
    version: int


class TaskPage(SQLModel):
    items: List[TaskRead]
    nextCursor: Optional[str]


def owner_of(credentials: HTTPAuthorizationCredentials = Depends(bearer)) -> str:
    try:
        options = {"verify_aud": False}
        return jwt.decode(credentials.credentials, os.environ["SECRET"], algorithms=["HS256"], options=options)["sub"]
    except jwt.InvalidTokenError:
        raise HTTPException(status_code=401)


def session_of():
    with Session(engine) as session:
        yield session


app = FastAPI()
answer = {"response_model": TaskRead, "response_model_by_alias": False}


def found(session: Session, owner: str, id: uuid.UUID) -> Task:
    task = session.exec(select(Task).where(Task.id == id, Task.owner_id == owner)).first()
    if task is None:
        raise HTTPException(status_code=404)
    return task


def changed(session: Session, task: Task, changes: dict, response: Response) -> Task:
    for name, value in changes.items():
        setattr(task, name, value)
    task.updated_at = now()
    task.version += 1
    session.add(task)
    session.commit()
    session.refresh(task)
    response.headers["ETag"] = f'"{task.version}"'
    return task


@app.get("/api/tasks", response_model=TaskPage, response_model_by_alias=False)
def list_tasks(
    limit: int = Query(default=20, ge=1, le=100),
    cursor: Optional[str] = None,
    q: Optional[str] = Query(default=None, max_length=200),
    owner: str = Depends(owner_of),
    session: Session = Depends(session_of),
):
    query = select(Task).where(Task.owner_id == owner)
    if cursor is not None:
        at, id = base64.urlsafe_b64decode(cursor).decode().split(" ")
        query = query.where(tuple_(Task.created_at, Task.id) < tuple_(datetime.fromisoformat(at), uuid.UUID(id)))
    for word in (q or "").split():
        query = query.where(or_(Task.title.ilike(f"%{word}%"), Task.description.ilike(f"%{word}%")))
    tasks = session.exec(query.order_by(Task.created_at.desc(), Task.id.desc()).limit(limit + 1)).all()
    last = tasks[limit - 1] if len(tasks) > limit else None
    following = last and base64.urlsafe_b64encode(f"{last.created_at.isoformat()} {last.id}".encode()).decode()
    return {"items": tasks[:limit], "nextCursor": following}


@app.get("/api/tasks/{id}", **answer)
def get_task(id: uuid.UUID, response: Response, owner: str = Depends(owner_of), session: Session = Depends(session_of)):
    task = found(session, owner, id)
    response.headers["ETag"] = f'"{task.version}"'
    return task


@app.post("/api/tasks", status_code=201, **answer)
def create_task(draft: TaskDraft, owner: str = Depends(owner_of), session: Session = Depends(session_of)):
    values = draft.dict(exclude_unset=True)
    if values.get("due") is not None:
        values["due"] = values["due"].isoformat()
    task = Task(**values, owner_id=owner)
    session.add(task)
    session.commit()
    session.refresh(task)
    return task


@app.patch("/api/tasks/{id}", **answer)
def patch_task(
    id: uuid.UUID,
    edit: TaskEdit,
    response: Response,
    if_match: Optional[str] = Header(default=None),
    owner: str = Depends(owner_of),
    session: Session = Depends(session_of),
):
    task = found(session, owner, id)
    if if_match is not None and if_match != f'"{task.version}"':
        raise HTTPException(status_code=412)
    return changed(session, task, edit.dict(exclude_unset=True), response)


@app.put("/api/tasks/{id}/completion", **answer)
def complete_task(id: uuid.UUID, response: Response, owner: str = Depends(owner_of), session: Session = Depends(session_of)):
    return changed(session, found(session, owner, id), {"status": "done", "completed_at": now()}, response)
