{{/* Names, labels, images, and what is known about each service. */}}

{{/* What the services are, as against how they are to be run: never a value. */}}
{{- define "ergo.facts" -}}
auth: {http: true, salesforce: true, consumers: []}
metadata-sync: {http: false, salesforce: true, consumers: []}
matching:
  http: false
  salesforce: false
  consumers:
    - {stream: MEETINGS, consumer: matching__meeting_processed}
    - {stream: CRM, consumer: matching__records_changed}
writeback:
  http: false
  salesforce: true
  consumers:
    - {stream: MATCHES, consumer: writeback__match_decided}
console: {http: true, salesforce: false, consumers: []}
{{- end }}

{{- define "ergo.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 40 | trimSuffix "-" }}
{{- end }}

{{/* Leaves room for "-migrate-metadata-sync-<hash>" in the 63 characters of a name. */}}
{{- define "ergo.fullname" -}}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 30 | trimSuffix "-" }}
{{- else if contains (include "ergo.name" .) .Release.Name }}
{{- .Release.Name | trunc 30 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name (include "ergo.name" .) | trunc 30 | trimSuffix "-" }}
{{- end }}
{{- end }}

{{/* Labels that select; they can never change. {root, component} */}}
{{- define "ergo.selector" -}}
app.kubernetes.io/name: {{ include "ergo.name" .root }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
{{- with .component }}
app.kubernetes.io/component: {{ . }}
{{- end }}
{{- end }}

{{/* All labels of an object. {root, component} */}}
{{- define "ergo.labels" -}}
{{ include "ergo.selector" . }}
app.kubernetes.io/part-of: ergo
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" }}
{{- with .root.Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* The defaults with a service's own values over them, as YAML. {root, name} */}}
{{- define "ergo.workload" -}}
{{- mergeOverwrite (deepCopy .root.Values.defaults) (deepCopy (index .root.Values.services .name)) | toYaml }}
{{- end }}

{{/* {root, name} */}}
{{- define "ergo.image" -}}
{{- $image := .root.Values.image }}
{{- $global := .root.Values.global | default dict }}
{{- $registry := $global.imageRegistry | default $image.registry }}
{{- $workload := include "ergo.workload" . | fromYaml }}
{{- if $registry }}{{ trimSuffix "/" $registry }}/{{ end }}{{ $image.prefix }}{{ .name }}
{{- if $workload.digest }}@{{ $workload.digest }}{{ else }}:{{ $image.tag | default .root.Chart.AppVersion }}{{ end }}
{{- end }}

{{/* Where browsers reach auth. */}}
{{- define "ergo.authPublicUrl" -}}
{{- .Values.authPublicUrl | default .Values.publicUrl }}
{{- end }}

{{/* The host of a public address, without its port. */}}
{{- define "ergo.host" -}}
{{- index (splitList ":" (urlParse .).host) 0 }}
{{- end }}
