{{/* What a schema cannot say: values that contradict each other. Each message names the key and the fix. */}}
{{- define "ergo.refusals" -}}
{{- if and (or .Values.bootstrap.email .Values.bootstrap.apiTokenKey) (not .Values.bootstrap.existingSecret) }}
{{- fail "bootstrap.existingSecret is empty: name the secret with the password or token that bootstrap.email and bootstrap.apiTokenKey need" }}
{{- end }}
{{- if and .Values.nats.tls.clientCertificate (not .Values.nats.tls.existingSecret) }}
{{- fail "nats.tls.existingSecret is empty: name the secret that holds tls.crt and tls.key, or set nats.tls.clientCertificate to false" }}
{{- end }}
{{- $own := or (index .Values "dev-nats").enabled (index .Values "dev-postgres").enabled }}
{{- if and $own (eq .Values.migrations.mode "hook") }}
{{- fail "migrations.mode is hook, which runs before dev-nats and dev-postgres exist: set it to job" }}
{{- end }}
{{- end }}
