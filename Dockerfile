# docker build -t m0 . && docker run -v m0-data:/data -v "$PWD/m0.yaml:/app/m0.yaml:ro" --env-file .env -p 3978:3978 m0
ARG TERRAFORM_VERSION=1.11.4
ARG OPA_VERSION=1.22.2

FROM hashicorp/terraform:${TERRAFORM_VERSION} AS terraform
FROM openpolicyagent/opa:${OPA_VERSION}-static AS opa

FROM node:24-slim AS packages
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev --ignore-scripts

FROM node:24-slim
RUN apt-get update \
  && apt-get install -y --no-install-recommends ca-certificates git openssh-client \
  && rm -rf /var/lib/apt/lists/*
COPY --from=terraform /bin/terraform /usr/local/bin/terraform
COPY --from=opa /opa /usr/local/bin/opa
WORKDIR /app
COPY --from=packages /app/node_modules ./node_modules
COPY package.json ./
# Without src/sandbox, which .dockerignore leaves out: no local Slack, Teams or AWS can run in an image.
COPY src ./src
COPY policies ./policies
# As root, so that m0 can give each stack a user of its own: what a stack's code does as that user reaches neither
# m0's tokens and files nor those of other stacks. It needs the rights that containers have by default.
RUN mkdir --mode=0711 /data
# Inside a container loopback is the container's own: 0.0.0.0 is what a published port reaches.
ENV NODE_ENV=production HOST=0.0.0.0 PORT=3978 M0_DATA_DIR=/data M0_DATABASE_URL=file:/data/m0.db
VOLUME /data
EXPOSE 3978
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/healthz`).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "src/main.ts", "serve"]
