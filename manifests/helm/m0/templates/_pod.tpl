{{/*
Parts of the pods that run m0: of the bot, of workers, and of the jobs before an upgrade. All take a dict:
  root        the chart's context
  component   the label app.kubernetes.io/component
  configMap   the name of the ConfigMap with the inline m0.yaml
  database    where M0_DATABASE_URL is: { name, key }
  concurrency M0_CONCURRENCY; default: the chart's
*/}}

{{- define "m0.podLabels" -}}
{{ include "m0.labels" .root }}
app.kubernetes.io/component: {{ .component }}
{{- if .root.Values.identity.azureClientId }}
azure.workload.identity/use: "true"
{{- end }}
{{- with .root.Values.podLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "m0.image" -}}
{{- with .Values.image }}
{{- if .digest }}
{{- printf "%s@%s" .repository .digest }}
{{- else }}
{{- printf "%s:%s" .repository (default $.Chart.AppVersion .tag) }}
{{- end }}
{{- end }}
{{- end }}

{{- define "m0.podSecurity" -}}
{{- if eq .Values.user "root" -}}
runAsUser: 0
runAsGroup: 0
{{- else -}}
runAsNonRoot: true
runAsUser: 1000
runAsGroup: 1000
fsGroup: 1000
fsGroupChangePolicy: OnRootMismatch
{{- end }}
seccompProfile: { type: RuntimeDefault }
{{- end }}

{{/* The rights of root that m0 needs to run each stack as a user of its own: the same as in manifests/systemd/m0.service. */}}
{{- define "m0.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- if eq .Values.user "root" }}
  add: [SETUID, SETGID, CHOWN, FOWNER, DAC_OVERRIDE, KILL]
{{- end }}
{{- end }}

{{- define "m0.env" -}}
{{- $values := .root.Values -}}
- { name: HOST, value: 0.0.0.0 }
- { name: PORT, value: "3978" }
- { name: HOME, value: /data }
- { name: M0_DATA_DIR, value: /data }
{{- if eq $values.database.kind "postgresql" }}
- name: M0_DATABASE_URL
  valueFrom:
    secretKeyRef:
      name: {{ default (include "m0.secretName" .root) .database.name }}
      key: {{ .database.key }}
{{- else }}
- { name: M0_DATABASE_URL, value: "file:/data/m0.db" }
{{- end }}
- name: M0_CONFIG
  value: {{ default "/etc/m0/m0.yaml" $values.config.git | quote }}
{{- /* Without it a second m0 ends with an error while the first one finishes an apply. */}}
- { name: M0_WAIT_FOR_OWNER, value: "1" }
- name: M0_CONCURRENCY
  value: {{ default $values.concurrency .concurrency | quote }}
{{- range $name, $value := $values.env }}
- name: {{ $name }}
  value: {{ $value | quote }}
{{- end }}
{{- end }}

{{- define "m0.mounts" -}}
{{- $values := .root.Values -}}
- { name: data, mountPath: /data }
- { name: tmp, mountPath: /tmp }
{{- if not $values.config.git }}
{{- /* The whole folder: a single file would not follow changes of the ConfigMap. */}}
- { name: config, mountPath: /etc/m0, readOnly: true }
{{- end }}
{{- if $values.secrets.filesSecret }}
- { name: secret-files, mountPath: /run/secrets/m0, readOnly: true }
{{- end }}
{{- if $values.tokens }}
- { name: tokens, mountPath: /run/tokens, readOnly: true }
{{- end }}
{{- with $values.extraVolumeMounts }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* All volumes but `data`. */}}
{{- define "m0.volumes" -}}
{{- $values := .root.Values -}}
- name: tmp
  emptyDir: { sizeLimit: {{ $values.temporary.size }} }
{{- if not $values.config.git }}
- name: config
  configMap: { name: {{ default .configMap $values.config.existingConfigMap }} }
{{- end }}
{{- with $values.secrets.filesSecret }}
- name: secret-files
  secret: { secretName: {{ . }}, defaultMode: 0400 }
{{- end }}
{{- with $values.tokens }}
- name: tokens
  projected:
    sources:
      {{- range . }}
      - serviceAccountToken:
          path: {{ .name }}
          audience: {{ .audience | quote }}
          expirationSeconds: {{ default 3600 .expirationSeconds }}
      {{- end }}
{{- end }}
{{- with $values.extraVolumes }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/*
Kubernetes makes empty volumes writable for everybody. Users of stacks could then replace each other's folders, so the data
folder is closed to them and /tmp gets the sticky bit, as in the image.
*/}}
{{- define "m0.foldersInit" -}}
- name: folders
  image: {{ include "m0.image" .root | quote }}
  imagePullPolicy: {{ .root.Values.image.pullPolicy }}
  command: [sh, -c, "chmod 0711 /data && chmod 1777 /tmp"]
  securityContext:
    {{- include "m0.containerSecurity" .root | nindent 4 }}
  resources:
    requests: { cpu: 10m, memory: 16Mi }
    limits: { memory: 64Mi }
  volumeMounts:
    - { name: data, mountPath: /data }
    - { name: tmp, mountPath: /tmp }
{{- end }}

{{/* Where pods run, and with which rights: the same for all of them. */}}
{{- define "m0.podSettings" -}}
{{- $values := .root.Values -}}
{{- with $values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
automountServiceAccountToken: false
{{- /* A Service named m0 would set M0_PORT and the like. */}}
enableServiceLinks: false
securityContext:
  {{- include "m0.podSecurity" .root | nindent 2 }}
{{- with $values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- end }}
