/** NestJS with TypeORM, as their guides say: a guard with @nestjs/jwt, DTOs of class-validator. The one that needs a build: decorators. */
import 'reflect-metadata'
import {
  Body,
  type CanActivate,
  Controller,
  createParamDecorator,
  type ExecutionContext,
  Get,
  Headers,
  HttpException,
  Injectable,
  Module,
  NotFoundException,
  Param,
  ParseUUIDPipe,
  Patch,
  Post,
  Put,
  Query,
  Res,
  UnauthorizedException,
  UseGuards,
  ValidationPipe,
} from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import { JwtModule, JwtService } from '@nestjs/jwt'
import { InjectRepository, TypeOrmModule } from '@nestjs/typeorm'
import { Type } from 'class-transformer'
import { ArrayMaxSize, IsArray, IsIn, IsInt, IsISO8601, IsOptional, IsString, Length, Max, MaxLength, Min } from 'class-validator'
import { Column, Entity, ILike, LessThan, PrimaryGeneratedColumn, Repository } from 'typeorm'

@Entity('plain_tasks')
class Task {
  @PrimaryGeneratedColumn('uuid') id!: string
  @Column('text', { name: 'owner_id', select: false }) ownerId!: string
  @Column('text') title!: string
  @Column('text', { default: '' }) description!: string
  @Column('text', { default: 'todo' }) status!: string
  @Column('text', { default: 'none' }) priority!: string
  @Column('text', { nullable: true }) due!: string | null
  @Column('text', { array: true, default: [] }) tags!: string[]
  @Column('timestamptz', { name: 'completed_at', nullable: true }) completedAt!: Date | null
  @Column('timestamptz', { name: 'created_at', default: () => 'now()' }) createdAt!: Date
  @Column('timestamptz', { name: 'updated_at', default: () => 'now()' }) updatedAt!: Date
  @Column('int', { default: 1 }) version!: number
}

class EditTask {
  @IsOptional() @IsString() @Length(1, 200) title?: string
  @IsOptional() @IsString() @MaxLength(10_000) description?: string
  @IsOptional() @IsIn(['todo', 'in_progress', 'done', 'cancelled']) status?: string
  @IsOptional() @IsIn(['none', 'low', 'medium', 'high', 'urgent']) priority?: string
  @IsOptional() @IsISO8601() due?: string | null
  @IsOptional() @IsArray() @ArrayMaxSize(20) @IsString({ each: true }) @Length(1, 50, { each: true }) tags?: string[]
}
class CreateTask extends EditTask {
  @IsString() @Length(1, 200) declare title: string
}
class ListTasks {
  @IsOptional() @Type(() => Number) @IsInt() @Min(1) @Max(100) limit = 20
  @IsOptional() @IsString() cursor?: string
  @IsOptional() @IsString() @MaxLength(200) q?: string
}

const Owner = createParamDecorator((_: unknown, context: ExecutionContext): string => context.switchToHttp().getRequest().user.sub)

@Injectable()
class AuthGuard implements CanActivate {
  constructor(private readonly jwt: JwtService) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest()
    const [type, token] = request.headers.authorization?.split(' ') ?? []
    if (type !== 'Bearer') throw new UnauthorizedException()
    try {
      request.user = await this.jwt.verifyAsync(token)
    } catch {
      throw new UnauthorizedException()
    }
    return true
  }
}

@Injectable()
class TasksService {
  constructor(@InjectRepository(Task) private readonly tasks: Repository<Task>) {}

  async list(ownerId: string, { limit, cursor, q }: ListTasks) {
    const before = cursor === undefined ? {} : { createdAt: LessThan(new Date(Buffer.from(cursor, 'base64url').toString())) }
    const words = q?.split(' ') ?? []
    const query = this.tasks.createQueryBuilder('task').where({ ownerId, ...before })
    for (const word of words) query.andWhere([{ title: ILike(`%${word}%`) }, { description: ILike(`%${word}%`) }])
    const found = await query.orderBy('task.createdAt', 'DESC').addOrderBy('task.id', 'DESC').take(limit + 1).getMany()
    const items = found.slice(0, limit)
    const last = items.at(-1)
    return { items, nextCursor: found.length > limit && last !== undefined ? Buffer.from(last.createdAt.toISOString()).toString('base64url') : null }
  }

  async get(ownerId: string, id: string): Promise<Task> {
    const task = await this.tasks.findOneBy({ id, ownerId })
    if (task === null) throw new NotFoundException()
    return task
  }

  async create(ownerId: string, draft: CreateTask) {
    const { ownerId: _, ...task } = await this.tasks.save(this.tasks.create({ ...draft, ownerId }))
    return task
  }

  async patch(ownerId: string, id: string, edit: EditTask, expected: string | undefined): Promise<Task> {
    const task = await this.get(ownerId, id)
    if (expected !== undefined && expected !== `"${task.version}"`) throw new HttpException('stale', 412)
    const { version } = task
    const changes = { ...edit, updatedAt: new Date(), version: version + 1 }
    const { affected } = await this.tasks.update({ id, ownerId, version }, changes)
    if (affected === 0) throw new HttpException('stale', 412)
    return Object.assign(task, changes)
  }

  async complete(ownerId: string, id: string): Promise<Task> {
    const task = await this.get(ownerId, id)
    const changes = { status: 'done', completedAt: new Date(), updatedAt: new Date(), version: task.version + 1 }
    await this.tasks.update({ id, ownerId }, changes)
    return Object.assign(task, changes)
  }
}

@Controller('api/tasks')
@UseGuards(AuthGuard)
class TasksController {
  constructor(private readonly tasks: TasksService) {}

  @Get()
  list(@Owner() owner: string, @Query() query: ListTasks) {
    return this.tasks.list(owner, query)
  }

  @Get(':id')
  async get(@Owner() owner: string, @Param('id', ParseUUIDPipe) id: string, @Res({ passthrough: true }) response: { header(name: string, value: string): void }) {
    const task = await this.tasks.get(owner, id)
    response.header('ETag', `"${task.version}"`)
    return task
  }

  @Post()
  create(@Owner() owner: string, @Body() draft: CreateTask) {
    return this.tasks.create(owner, draft)
  }

  @Patch(':id')
  patch(@Owner() owner: string, @Param('id', ParseUUIDPipe) id: string, @Body() edit: EditTask, @Headers('if-match') expected?: string) {
    return this.tasks.patch(owner, id, edit, expected)
  }

  @Put(':id/completion')
  complete(@Owner() owner: string, @Param('id', ParseUUIDPipe) id: string) {
    return this.tasks.complete(owner, id)
  }
}

@Module({
  imports: [
    JwtModule.register({ secret: process.env['SECRET'] ?? '' }),
    TypeOrmModule.forRoot({ type: 'postgres', url: process.env['DATABASE_URL'] ?? '', entities: [Task], poolSize: Number(process.env['POOL']) }),
    TypeOrmModule.forFeature([Task]),
  ],
  controllers: [TasksController],
  providers: [TasksService, AuthGuard],
})
class AppModule {}

const app = await NestFactory.create(AppModule, { logger: false, abortOnError: false })
app.useGlobalPipes(new ValidationPipe({ whitelist: true, forbidNonWhitelisted: true, transform: true }))
await app.listen(Number(process.env['PORT']), '127.0.0.1')
