{{/* The environment of a process, and the secrets mounted for it. Names are those of the services' own options. */}}

{{/* A value as the text of an environment variable: whole numbers without exponent, lists with commas. */}}
{{- define "ergo.text" -}}
{{- if kindIs "float64" . }}
{{- if eq . (floor .) }}{{ int64 . }}{{ else }}{{ . }}{{ end }}
{{- else if kindIs "slice" . }}
{{- join "," . }}
{{- else }}
{{- . }}
{{- end }}
{{- end }}

{{/* {root, name, verb}: serve, check or migrate. */}}
{{- define "ergo.environment" -}}
{{- $values := .root.Values }}
{{- $migrates := eq .verb "migrate" }}
{{- $user := ternary "migrate" .name $migrates }}
{{- $facts := index (include "ergo.facts" .root | fromYaml) .name }}
{{- $workload := include "ergo.workload" . | fromYaml }}
{{- $database := $values.database.existingSecret }}
{{- $credential := $values.nats.auth.existingSecret }}
{{- if $migrates }}
{{- $database = $values.database.migrateExistingSecret | default $database }}
{{- $credential = $values.nats.auth.migrateExistingSecret | default $credential }}
{{- end -}}
- name: DATABASE_URL
  valueFrom:
    secretKeyRef:
      name: {{ $database }}
      key: {{ index $values.database.keys $user }}
- name: NATS_URL
  value: {{ $values.nats.url | quote }}
- name: NATS_TLS_REQUIRED
  value: {{ $values.nats.tls.required | quote }}
# Its own inbox: with the usual one every user could read every answer.
- name: NATS_INBOX_PREFIX
  value: _INBOX_{{ $user }}
{{- if and $credential (eq $values.nats.auth.type "credentials") }}
- name: NATS_CREDENTIALS_FILE
  value: /run/ergo/nats/user.creds
{{- else if $credential }}
- name: NATS_USER
  value: ergo-{{ $user }}
- name: NATS_PASSWORD
  valueFrom:
    secretKeyRef:
      name: {{ $credential }}
      key: {{ $user }}
{{- end }}
{{- if $values.nats.tls.existingSecret }}
- name: NATS_TLS_CA_FILE
  value: /run/ergo/nats-tls/ca.crt
{{- if $values.nats.tls.clientCertificate }}
- name: NATS_TLS_CERT_FILE
  value: /run/ergo/nats-tls/tls.crt
- name: NATS_TLS_KEY_FILE
  value: /run/ergo/nats-tls/tls.key
{{- end }}
{{- end }}
{{- with $values.telemetry.otlpEndpoint }}
- name: OTEL_EXPORTER_OTLP_ENDPOINT
  value: {{ . | quote }}
{{- end }}
{{- if not $migrates }}
- name: ADMIN_ADDR
  value: {{ printf "%s:9090" $values.listenAddress | quote }}
{{- if $facts.http }}
- name: HTTP_ADDR
  value: {{ printf "%s:8080" $values.listenAddress | quote }}
- name: CONSOLE_PUBLIC_URL
  value: {{ $values.publicUrl | quote }}
{{- end }}
{{- if eq .name "auth" }}
{{ include "ergo.environment.auth" .root }}
{{- end }}
{{- if eq .name "console" }}
{{- include "ergo.environment.console" .root }}
{{- end }}
{{- end }}
{{- $settings := deepCopy $values.settings }}
{{- if not $migrates }}
{{- $settings = mergeOverwrite $settings $workload.settings }}
{{- if $facts.salesforce }}
{{- $settings = mergeOverwrite $settings $values.salesforce.settings }}
{{- end }}
{{- end }}
{{- range $key, $value := $settings }}
- name: {{ $key }}
  value: {{ include "ergo.text" $value | quote }}
{{- end }}
{{- with $workload.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "ergo.environment.auth" -}}
- name: AUTH_PUBLIC_URL
  value: {{ include "ergo.authPublicUrl" . | quote }}
- name: SALESFORCE_CONSUMER_KEY
  valueFrom:
    secretKeyRef:
      name: {{ .Values.salesforce.existingSecret }}
      key: {{ .Values.salesforce.keys.consumerKey }}
- name: SALESFORCE_CONSUMER_SECRET
  valueFrom:
    secretKeyRef:
      name: {{ .Values.salesforce.existingSecret }}
      key: {{ .Values.salesforce.keys.consumerSecret }}
- name: ERGO_SEAL_KEYS_FILE
  value: /run/ergo/seal-keys/keys
{{- end }}

{{- define "ergo.environment.console" -}}
{{- with .Values.bootstrap }}
{{- if .email }}
- name: CONSOLE_BOOTSTRAP_EMAIL
  value: {{ .email | quote }}
- name: CONSOLE_BOOTSTRAP_PASSWORD_FILE
  value: /run/ergo/bootstrap/password
{{- with .workspace }}
- name: CONSOLE_BOOTSTRAP_WORKSPACE
  value: {{ . | quote }}
{{- end }}
{{- end }}
{{- if .apiTokenKey }}
- name: CONSOLE_BOOTSTRAP_API_TOKEN_FILE
  value: /run/ergo/bootstrap/api-token
{{- end }}
{{- end }}
{{- end }}

{{/* Secrets as files, one entry each: {volume, path, secret, items}. {root, name, verb} */}}
{{- define "ergo.files" -}}
{{- $values := .root.Values }}
{{- $migrates := eq .verb "migrate" }}
{{- $user := ternary "migrate" .name $migrates }}
{{- $credential := $values.nats.auth.existingSecret }}
{{- if $migrates }}
{{- $credential = $values.nats.auth.migrateExistingSecret | default $credential }}
{{- end }}
{{- $files := list }}
{{- if and $credential (eq $values.nats.auth.type "credentials") }}
{{- $files = append $files (dict "volume" "nats" "secret" $credential "items" (list (dict "key" (printf "%s.creds" $user) "path" "user.creds"))) }}
{{- end }}
{{- if $values.nats.tls.existingSecret }}
{{- $items := list (dict "key" $values.nats.tls.caKey "path" "ca.crt") }}
{{- if $values.nats.tls.clientCertificate }}
{{- $items = concat $items (list (dict "key" "tls.crt" "path" "tls.crt") (dict "key" "tls.key" "path" "tls.key")) }}
{{- end }}
{{- $files = append $files (dict "volume" "nats-tls" "secret" $values.nats.tls.existingSecret "items" $items) }}
{{- end }}
{{- if and (eq .name "auth") (not $migrates) }}
{{- $secret := $values.sealKeys.existingSecret | default $values.salesforce.existingSecret }}
{{- $files = append $files (dict "volume" "seal-keys" "secret" $secret "items" (list (dict "key" $values.sealKeys.key "path" "keys"))) }}
{{- end }}
{{- if and (eq .name "console") (not $migrates) $values.bootstrap.existingSecret }}
{{- $items := list }}
{{- if $values.bootstrap.email }}
{{- $items = append $items (dict "key" $values.bootstrap.passwordKey "path" "password") }}
{{- end }}
{{- if $values.bootstrap.apiTokenKey }}
{{- $items = append $items (dict "key" $values.bootstrap.apiTokenKey "path" "api-token") }}
{{- end }}
{{- if $items }}
{{- $files = append $files (dict "volume" "bootstrap" "secret" $values.bootstrap.existingSecret "items" $items) }}
{{- end }}
{{- end }}
{{- dict "files" $files | toYaml }}
{{- end }}
