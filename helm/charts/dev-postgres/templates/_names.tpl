{{- define "dev-postgres.name" -}}
{{ .Release.Name | trunc 40 | trimSuffix "-" }}-dev-postgres
{{- end }}

{{- define "dev-postgres.selector" -}}
app.kubernetes.io/name: dev-postgres
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "dev-postgres.labels" -}}
{{ include "dev-postgres.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}
