// SPDX-License-Identifier: Apache-2.0

package check

import (
	"strings"
	"testing"

	"github.com/prometheus/prometheus/promql"
	alerttemplate "github.com/prometheus/prometheus/template"
)

// prometheusParses asks Prometheus itself.
func prometheusParses(t *testing.T, text string) error {
	t.Helper()
	data := alerttemplate.AlertTemplateData(map[string]string{}, map[string]string{}, "", promql.Sample{})
	return alerttemplate.NewTemplateExpander(t.Context(), variables+text, templateName, data, 0, nil, nil, nil).ParseTest()
}

// TestAlertFunctions asks Prometheus about every function that we think its templates have, and for some that they lack.
func TestAlertFunctions(t *testing.T) {
	t.Parallel()
	if len(alertFunctions()) < 40 {
		t.Errorf("got %d functions, want those of Prometheus and of Go", len(alertFunctions()))
	}
	for name := range alertFunctions() {
		if err := prometheusParses(t, "{{ "+name+" }}"); err != nil {
			t.Errorf("%s: got %v, want a function that Prometheus has", name, err)
		}
	}
	for _, name := range builtinFunctions {
		if err := prometheusParses(t, "{{ "+name+" }}"); err != nil {
			t.Errorf("%s: got %v, want a function that Go has", name, err)
		}
	}
	for _, name := range []string{"humanise", "tmpl", "default", "toJson"} {
		if judgeAlertText("{{ "+name+" }}").problem == nil {
			t.Errorf("%s: got no problem, want that there is no such function", name)
		}
	}
}

// FuzzAlertText holds our judgement of templates against that of Prometheus.
func FuzzAlertText(f *testing.F) {
	for _, text := range []string{
		"{{ $labels.instance }} is {{ $value | humanize }}", "{{ humanise $value }}", "{{ end }}", "{{", "{{ $nothing }}", "{{ $labels := .Labels }}{{ $labels.a }}",
		`{{ define "a" }}{{ $labels.x }}{{ end }}{{ template "a" . }}`, `{{ with $v := query "up" }}{{ range $v }}{{ . | value }}{{ end }}{{ end }}`,
		"{{ if eq $labels.a \"b\" }}{{ break }}{{ end }}", "{{ range $i, $e := query \"up\" }}{{ continue }}{{ end }}", "{{ $externalLabels.c }}{{ $externalURL }}", "{{/* $labels */}}{{ printf \"%s\" $label }}",
		`{{ index $labels "a" }}`, "{{ $value.x }}", "{{ $valu }}", `{{ define "a" }}{{ end }}{{ define "a" }}x{{ end }}{{ define "a" }}y{{ end }}`,
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if !strings.Contains(text, "{{") || len(text) > maxTemplate {
			return
		}
		judged := judgeAlertText(text)
		err := prometheusParses(t, text)
		if (judged.problem == nil) != (err == nil) {
			t.Errorf("%q: got %v, and Prometheus says %v", text, judged.problem, err)
		}
		for _, at := range append(judged.use.labels, judged.use.values...) {
			if at.offset < 0 || at.length < 0 || at.offset+at.length > len(text) {
				t.Errorf("%q: got a place from %d on, %d long, want it inside the text", text, at.offset, at.length)
			}
		}
	})
}
