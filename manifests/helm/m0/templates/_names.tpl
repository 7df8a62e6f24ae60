{{/* Names and labels. A workload is told from others of the release by its component: today there is only "bot". */}}

{{- define "m0.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{/* At most 52 characters: what is made from it adds up to 11. */}}
{{- define "m0.fullname" -}}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 52 | trimSuffix "-" }}
{{- else if contains (include "m0.name" .) .Release.Name }}
{{- .Release.Name | trunc 52 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name (include "m0.name" .) | trunc 52 | trimSuffix "-" }}
{{- end }}
{{- end }}

{{- define "m0.secretName" -}}
{{- default (include "m0.fullname" .) .Values.secrets.name }}
{{- end }}

{{- define "m0.serviceAccountName" -}}
{{- if .Values.serviceAccount.create }}
{{- default (include "m0.fullname" .) .Values.serviceAccount.name }}
{{- else }}
{{- default "default" .Values.serviceAccount.name }}
{{- end }}
{{- end }}

{{/* The labels that all pods of the release have. */}}
{{- define "m0.selector" -}}
app.kubernetes.io/name: {{ include "m0.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "m0.labels" -}}
{{ include "m0.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end }}
