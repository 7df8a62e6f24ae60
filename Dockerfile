# docker build -t m0 . && docker run -v m0-data:/data -v "$PWD/m0.yaml:/app/m0.yaml:ro" --env-file .env -p 3978:3978 m0
# What is in the image, and how it can be run: docs/reference/image.md
ARG DEBIAN=trixie
ARG NODE_VERSION=24.21.0
ARG TERRAFORM_VERSION=1.11.4
ARG TOFU_VERSION=1.12.6
ARG OPA_VERSION=1.22.2
# What stacks are planned with: terraform, tofu or both.
ARG TOOL=terraform

FROM hashicorp/terraform:${TERRAFORM_VERSION} AS terraform-image
FROM ghcr.io/opentofu/opentofu:${TOFU_VERSION}-minimal AS tofu-image
FROM openpolicyagent/opa:${OPA_VERSION}-static AS opa-image

FROM scratch AS terraform
COPY --from=terraform-image /bin/terraform /terraform
FROM scratch AS tofu
COPY --from=tofu-image /usr/local/bin/tofu /tofu
FROM terraform AS both
COPY --from=tofu /tofu /tofu
FROM ${TOOL} AS tool

FROM node:${NODE_VERSION}-${DEBIAN}-slim AS packages
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# Without what no m0 loads, more than half of it: types, source maps, the bundles of echarts for web pages, the sources of
# SQLite. Node runs no TypeScript of packages.
RUN npm ci --omit=dev --ignore-scripts \
  && rm -rf node_modules/echarts/dist node_modules/better-sqlite3/deps \
  && find node_modules -type f -regex '.*\.\([cm]?ts\|[a-z]+\.map\)' -delete

# Not Node's own image: m0 needs neither npm nor Yarn, with the hundreds of packages that they bring.
FROM debian:${DEBIAN}-slim
# libatomic1 is what Node is linked with on some processors.
RUN apt-get update \
  && apt-get install -y --no-install-recommends ca-certificates git libatomic1 openssh-client tini \
  && rm -rf /var/lib/apt/lists/* /var/cache/apt/* /var/log/*
# For those who run m0 without root; ssh needs an account.
RUN useradd --uid 1000 --user-group --no-create-home --home-dir /data --shell /usr/sbin/nologin m0
# Programs that give a user the rights of another one: the code of stacks must not find any.
RUN find / -xdev -type f -perm /6000 -exec chmod a-s {} +
COPY --from=packages /usr/local/bin/node /usr/local/bin/node
COPY --from=tool / /usr/local/bin/
COPY --from=opa-image /opa /usr/local/bin/opa
WORKDIR /app
COPY --from=packages /app/node_modules ./node_modules
COPY package.json LICENSE THIRD-PARTY-NOTICES.md ./
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
# Git leaves processes that go on in the background. tini, as process 1, takes in those that have ended.
ENTRYPOINT ["tini", "-s", "--"]
CMD ["node", "--max-semi-space-size=4", "--optimize-for-size", "src/main.ts", "serve"]
