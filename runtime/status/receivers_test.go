// SPDX-License-Identifier: Apache-2.0

package status_test

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/harmonyscript/harmonyscript/runtime/status"
)

const hidden = "https://discord.com/api/webhooks/1/hidden"

func compress(t testing.TB, text string) []byte {
	t.Helper()
	var packed bytes.Buffer
	writer := gzip.NewWriter(&packed)
	if _, err := writer.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}
	return packed.Bytes()
}

func generated(data map[string]any) unstructured.Unstructured {
	return unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "v1", "kind": "Secret", "data": data,
		"metadata": map[string]any{"namespace": "monitoring", "name": "alertmanager-main-generated"},
	}}
}

func TestReceivers(t *testing.T) {
	const configuration = `
route:
  receiver: "null"
  routes:
  - receiver: blue/alerts/discord
    matchers: [namespace="blue"]
receivers:
- name: "null"
- name: blue/alerts/discord
  discord_configs:
  - webhook_url: ` + hidden + `
templates: []
`
	packed := compress(t, configuration)
	tests := map[string]struct {
		data map[string]any
		want []string
		// wrong is in the error.
		wrong string
	}{
		"two":              {data: map[string]any{"alertmanager.yaml.gz": base64.StdEncoding.EncodeToString(packed)}, want: []string{"null", "blue/alerts/discord"}},
		"none":             {data: map[string]any{"alertmanager.yaml.gz": base64.StdEncoding.EncodeToString(compress(t, "receivers: []\n"))}, want: []string{}},
		"no configuration": {data: map[string]any{"other": "eA=="}, wrong: "got nothing"},
		"not base64":       {data: map[string]any{"alertmanager.yaml.gz": hidden}, wrong: "want base64"},
		"not compressed":   {data: map[string]any{"alertmanager.yaml.gz": base64.StdEncoding.EncodeToString([]byte(configuration))}, wrong: "gzip"},
		"cut off":          {data: map[string]any{"alertmanager.yaml.gz": base64.StdEncoding.EncodeToString(packed[:len(packed)-9])}, wrong: "unexpected EOF"},
		"not YAML":         {data: map[string]any{"alertmanager.yaml.gz": base64.StdEncoding.EncodeToString(compress(t, "receivers: "+hidden))}, wrong: "want the YAML"},
		"far too big":      {data: map[string]any{"alertmanager.yaml.gz": base64.StdEncoding.EncodeToString(compress(t, strings.Repeat(" ", 65<<20)))}, wrong: "64 MiB"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			c := &cluster{objects: []unstructured.Unstructured{generated(test.data)}}
			got, err := status.Receivers(t.Context(), c, "monitoring", "main")
			if test.wrong == "" {
				if err != nil || !cmp.Equal(got, test.want) {
					t.Errorf("got %q, %v, want %q", got, err, test.want)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), test.wrong) || !strings.Contains(err.Error(), "monitoring/main") {
				t.Errorf("got %q, %v, want an error about monitoring/main with %q", got, err, test.wrong)
			}
			if err != nil && strings.Contains(err.Error(), "hidden") {
				t.Errorf("got %v, want nothing of the Secret in it", err)
			}
		})
	}
}

func TestReceiversOfNoAlertmanager(t *testing.T) {
	c := &cluster{fail: map[string]error{}}
	if got, err := status.Receivers(t.Context(), c, "monitoring", "main"); got != nil || err != nil {
		t.Errorf("got %q, %v, want nothing", got, err)
	}
	refused := apierrors.NewForbidden(schema.GroupResource{Resource: "secrets"}, "alertmanager-main-generated", nil)
	c.fail["get Secret monitoring/alertmanager-main-generated"] = refused
	if _, err := status.Receivers(t.Context(), c, "monitoring", "main"); !apierrors.IsForbidden(err) {
		t.Errorf("got %v, want it to say that it is forbidden", err)
	}
}
