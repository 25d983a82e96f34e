# The app as an image: `docker build -t trustmesh-edge .` needs the npm registry, and neither a database nor the network's nodes.
ARG NODE_IMAGE=node:26.12.1-bookworm-slim

FROM ${NODE_IMAGE} AS build
WORKDIR /build
ENV NEXT_TELEMETRY_DISABLED=1
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts
COPY . .
# Where it is set, the connector for wallets becomes part of the image.
ARG WALLETCONNECT_PROJECT_ID
RUN npm run build:standalone

FROM ${NODE_IMAGE}
ENV NODE_ENV=production \
    NEXT_TELEMETRY_DISABLED=1 \
    HOST=0.0.0.0 \
    PORT=3000 \
    DATA_DIR=/data
# For the embedded Postgres; with DATABASE_URL nothing is written anywhere.
RUN mkdir /data && chown node:node /data
VOLUME /data
WORKDIR /app
# Root's, so that the app cannot change itself.
COPY --from=build /build/.next/standalone ./
USER node
EXPOSE 3000
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/api/health`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "server.js"]
