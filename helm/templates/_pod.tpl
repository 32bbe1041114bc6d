{{/* Every pod of ours, for whatever it runs: nothing writable but /tmp, no rights, no token of the cluster. */}}

{{/* Fields of a pod's spec that all pods share. {root, workload} */}}
{{- define "ergo.pod" -}}
automountServiceAccountToken: false
enableServiceLinks: false
{{- with .workload.serviceAccountName }}
serviceAccountName: {{ . }}
{{- end }}
{{- with .root.Values.image.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- with .workload.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with .workload.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .workload.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .workload.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
securityContext:
  runAsNonRoot: true
  runAsUser: 65532
  runAsGroup: 65532
  # Lets the process read secrets mounted as files.
  fsGroup: 65532
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile:
    type: RuntimeDefault
{{- end }}

{{/* One container, without ports and probes. {root, name, verb, workload, resources} */}}
{{- define "ergo.container" -}}
{{- $files := (include "ergo.files" . | fromYaml).files -}}
name: {{ .name }}
image: {{ include "ergo.image" . }}
imagePullPolicy: {{ .root.Values.image.pullPolicy }}
args: [{{ .verb }}]
env:
  {{- include "ergo.environment" . | nindent 2 }}
{{- with .workload.extraEnvFrom }}
envFrom:
  {{- toYaml . | nindent 2 }}
{{- end }}
resources:
  {{- toYaml .resources | nindent 2 }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities:
    drop: [ALL]
volumeMounts:
  - name: tmp
    mountPath: /tmp
  {{- range $files }}
  - name: {{ .volume }}
    mountPath: /run/ergo/{{ .volume }}
    readOnly: true
  {{- end }}
  {{- with .workload.extraVolumeMounts }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end }}

{{/* The volumes of its pod. {root, name, verb, workload} */}}
{{- define "ergo.volumes" -}}
- name: tmp
  emptyDir:
    sizeLimit: 16Mi
{{- range (include "ergo.files" . | fromYaml).files }}
- name: {{ .volume }}
  secret:
    secretName: {{ .secret }}
    defaultMode: 0440
    items:
      {{- toYaml .items | nindent 6 }}
{{- end }}
{{- with .workload.extraVolumes }}
{{ toYaml . }}
{{- end }}
{{- end }}
