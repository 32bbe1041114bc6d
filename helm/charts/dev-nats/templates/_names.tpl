{{- define "dev-nats.name" -}}
{{ .Release.Name | trunc 40 | trimSuffix "-" }}-dev-nats
{{- end }}

{{- define "dev-nats.selector" -}}
app.kubernetes.io/name: dev-nats
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "dev-nats.labels" -}}
{{ include "dev-nats.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}
