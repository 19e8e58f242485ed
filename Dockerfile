# syntax=docker/dockerfile:1

FROM node:26.10.0-trixie-slim AS packages
WORKDIR /taskward
COPY package.json package-lock.json .npmrc ./
# No package of the runtime has an install script, and none is run.
RUN npm ci --omit=dev --ignore-scripts && npm cache clean --force

FROM node:26.10.0-trixie-slim
WORKDIR /taskward
COPY --from=packages /taskward/node_modules ./node_modules
COPY package.json LICENSE ./
COPY specs/api ./specs/api
COPY src ./src
# The embedded database's place; all else may be read-only.
RUN mkdir --mode=0700 /data && chown node:node /data
ENV NODE_ENV=production HOST=0.0.0.0 PORT=3000 DATA_DIR=/data MALLOC_ARENA_MAX=1
USER node
VOLUME /data
EXPOSE 3000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s --retries=3 CMD ["node", "-e", "fetch('http://127.0.0.1:' + process.env.PORT + '/api/health/live').then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "--max-semi-space-size=8", "--import", "./src/prepare-node.mjs", "src/main.ts"]
