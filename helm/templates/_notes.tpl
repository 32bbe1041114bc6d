{{/* What a person reads after install and upgrade; a template of its own so that the tests can render it. */}}
{{- define "ergo.notes" -}}
{{- $name := include "ergo.fullname" . -}}
{{- $namespace := .Release.Namespace -}}
{{- $known := .Capabilities.APIVersions.Has "monitoring.coreos.com/v1" -}}
Ergo {{ .Chart.AppVersion }} is installed as {{ .Release.Name }} in {{ $namespace }}.

Next:
  helm test {{ .Release.Name }} --namespace {{ $namespace }}

Console:  {{ .Values.publicUrl }}
Callback: {{ include "ergo.authPublicUrl" . }}/oauth/callback  (register it in the Salesforce app)
{{- if not (or .Values.ingress.enabled .Values.httpRoute.enabled) }}

Nothing routes there from outside the cluster yet: set ingress.enabled or httpRoute.enabled, or send / to the Service
{{ $name }}-console and /oauth to {{ $name }}-auth. For a look from here:
  kubectl --namespace {{ $namespace }} port-forward service/{{ $name }}-console 8080:80
{{- end }}
{{- if not .Values.bootstrap.email }}

The first person to open the link in the console's log becomes super-admin; it is valid for a day:
  kubectl --namespace {{ $namespace }} logs deployment/{{ $name }}-console | grep welcome
{{- end }}
{{- if ne .Values.migrations.mode "hook" }}

{{- if eq .Values.migrations.mode "disabled" }}
Migrations are yours: run `ergo-<service> migrate` of this version for all five services; until then none becomes ready.
{{- else }}
The services become ready once the Jobs {{ $name }}-migrate-* have ended.
{{- end }}
{{- end }}
{{- $warnings := list }}
{{- if not .Values.nats.auth.existingSecret }}
{{- $warnings = append $warnings "nats.auth.existingSecret is empty: services connect to NATS without a credential, and anybody who reaches it can read every meeting." }}
{{- end }}
{{- if not .Values.nats.tls.required }}
{{- $warnings = append $warnings "nats.tls.required is false: meetings and tokens may cross the network in clear text." }}
{{- end }}
{{- if lt (int .Values.settings.NATS_STREAM_REPLICAS) 3 }}
{{- $warnings = append $warnings "settings.NATS_STREAM_REPLICAS is below 3: one lost NATS server loses work." }}
{{- end }}
{{- range $url := uniq (list .Values.publicUrl (include "ergo.authPublicUrl" .)) }}
{{- if hasPrefix "http://" $url }}
{{- $warnings = append $warnings (printf "%s is not https: passwords and sessions cross the network in clear text, and Salesforce refuses such callbacks." $url) }}
{{- end }}
{{- end }}
{{- if not .Values.sealKeys.existingSecret }}
{{- $warnings = append $warnings "sealKeys.existingSecret is empty: the keys that seal tokens are read from the secret of the Salesforce app; keep them apart where you can." }}
{{- end }}
{{- if and (eq .Values.migrations.mode "hook") (not .Values.database.migrateExistingSecret) }}
{{- $warnings = append $warnings "database.migrateExistingSecret is empty: the migration's database login lies in the same secret as the services'." }}
{{- end }}
{{- range $service, $fact := include "ergo.facts" . | fromYaml }}
{{- $workload := include "ergo.workload" (dict "root" $ "name" $service) | fromYaml }}
{{- if and (eq $workload.autoscaling.mode "none") (lt (int $workload.replicas) 2) }}
{{- $warnings = append $warnings (printf "services.%s.replicas is %d: every restart is an outage of it." $service (int $workload.replicas)) }}
{{- end }}
{{- if and (eq $workload.autoscaling.mode "keda") (not ($.Capabilities.APIVersions.Has "keda.sh/v1alpha1")) }}
{{- $warnings = append $warnings (printf "services.%s.autoscaling.mode is keda, and this cluster does not know KEDA." $service) }}
{{- end }}
{{- end }}
{{- if and (or .Values.monitoring.serviceMonitor.enabled .Values.monitoring.prometheusRule.enabled) (not $known) }}
{{- $warnings = append $warnings "monitoring is enabled, and this cluster does not know the Prometheus operator: nothing was made for it." }}
{{- end }}
{{- if not .Values.networkPolicy.enabled }}
{{- $warnings = append $warnings "networkPolicy.enabled is false: pods may reach, and be reached from, anywhere the cluster allows." }}
{{- end }}
{{- range $warnings }}

WARNING: {{ . }}
{{- end }}
{{- end }}
