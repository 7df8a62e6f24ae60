{{/*
A Job that runs a command of m0 before an installation or upgrade. Takes the dict of _pod.tpl, with `args` and `weight`.
The Secret that `externalSecret` makes is not there before the first installation, so the Job then runs after it.
*/}}
{{- define "m0.hookAnnotations" -}}
helm.sh/hook: {{ ternary "post-install,pre-upgrade" "pre-install,pre-upgrade" .root.Values.externalSecret.enabled }}
helm.sh/hook-weight: {{ .weight | quote }}
helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded
{{- end }}

{{- define "m0.job" -}}
{{- $values := .root.Values -}}
apiVersion: batch/v1
kind: Job
metadata:
  name: {{ include "m0.fullname" .root }}-{{ .component }}
  labels:
    {{- include "m0.labels" .root | nindent 4 }}
    app.kubernetes.io/component: {{ .component }}
  annotations:
    {{- include "m0.hookAnnotations" . | nindent 4 }}
spec:
  backoffLimit: 2
  activeDeadlineSeconds: 900
  template:
    metadata:
      labels:
        {{- include "m0.podLabels" . | nindent 8 }}
    spec:
      restartPolicy: Never
      # m0's own service account is not there yet before the first installation.
      serviceAccountName: default
      {{- include "m0.podSettings" . | nindent 6 }}
      {{- if eq $values.user "root" }}
      initContainers:
        {{- include "m0.foldersInit" . | nindent 8 }}
      {{- end }}
      containers:
        - name: m0
          image: {{ include "m0.image" .root | quote }}
          imagePullPolicy: {{ $values.image.pullPolicy }}
          command: [node, src/main.ts]
          args: {{ .args | toJson }}
          securityContext:
            {{- include "m0.containerSecurity" .root | nindent 12 }}
          env:
            {{- include "m0.env" . | nindent 12 }}
          envFrom:
            - secretRef: { name: {{ include "m0.secretName" .root }} }
          resources:
            requests: { cpu: 100m, memory: 256Mi }
            limits: { memory: 1Gi }
          volumeMounts:
            {{- include "m0.mounts" . | nindent 12 }}
      volumes:
        {{- include "m0.volumes" . | nindent 8 }}
        - name: data
          emptyDir: { sizeLimit: {{ $values.data.size }} }
{{- end }}
