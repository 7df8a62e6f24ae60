{{/* The pod of the bot, which also schedules, and plans and applies where `workers` is empty. `data` is the pod's own volume, if it has one. */}}
{{- define "m0.botPod" -}}
{{- $values := .Values -}}
{{- $of := dict "root" . "component" "bot" "configMap" (include "m0.fullname" .) "database" $values.database.urlSecret -}}
metadata:
  labels:
    {{- include "m0.podLabels" $of | nindent 4 }}
  {{- with $values.podAnnotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  serviceAccountName: {{ include "m0.serviceAccountName" . }}
  {{- include "m0.podSettings" $of | nindent 2 }}
  {{- with $values.affinity }}
  affinity:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- if $values.standby }}
  topologySpreadConstraints:
    - maxSkew: 1
      topologyKey: kubernetes.io/hostname
      whenUnsatisfiable: ScheduleAnyway
      labelSelector:
        matchLabels:
          {{- include "m0.selector" . | nindent 10 }}
          app.kubernetes.io/component: bot
  {{- end }}
  terminationGracePeriodSeconds: {{ $values.terminationGracePeriodSeconds }}
  {{- if eq $values.user "root" }}
  initContainers:
    {{- include "m0.foldersInit" $of | nindent 4 }}
  {{- end }}
  containers:
    - name: m0
      image: {{ include "m0.image" . | quote }}
      imagePullPolicy: {{ $values.image.pullPolicy }}
      {{- if $values.workers }}
      args: [node, --max-semi-space-size=4, --optimize-for-size, src/main.ts, serve, --roles, "bot,scheduler"]
      {{- end }}
      securityContext:
        {{- include "m0.containerSecurity" . | nindent 8 }}
      env:
        {{- include "m0.env" $of | nindent 8 }}
      envFrom:
        - secretRef: { name: {{ include "m0.secretName" . }} }
      ports:
        - { name: http, containerPort: 3978 }
      # A large SQLite database may be migrated before m0 listens.
      startupProbe:
        httpGet: { path: /healthz, port: http }
        periodSeconds: 5
        timeoutSeconds: 5
        failureThreshold: 120
      livenessProbe:
        httpGet: { path: /healthz, port: http }
        periodSeconds: 10
        timeoutSeconds: 5
        failureThreshold: 6
      readinessProbe:
        {{- if $values.standby }}
        # An m0 that waits answers 503 on /readyz for as long as the other one works. It would hold up each rollout.
        httpGet: { path: /healthz, port: http }
        {{- else }}
        httpGet: { path: /readyz, port: http }
        {{- end }}
        periodSeconds: 10
        timeoutSeconds: 10
        failureThreshold: 3
      resources:
        {{- toYaml $values.resources | nindent 8 }}
      volumeMounts:
        {{- include "m0.mounts" $of | nindent 8 }}
  volumes:
    {{- include "m0.volumes" $of | nindent 4 }}
    {{- if eq $values.database.kind "postgresql" }}
    - name: data
      emptyDir: { sizeLimit: {{ $values.data.size }} }
    {{- end }}
{{- end }}
