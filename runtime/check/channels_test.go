// SPDX-License-Identifier: Apache-2.0

package check_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/harmonyscript/harmonyscript/runtime/check"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// settingCases have what is wrong with the values of channels' settings, and with what they say about each other.
func settingCases() []testCase {
	one := func(name, call, argument, token string, fields ...score.Field) func(s *script) []score.Score {
		return withChannel(func(s *script) score.AlertChannel {
			c := channel(name, "a", fields...)
			c.Origin = s.call(call, argument, token)
			return c
		})
	}
	set := func(name string, value any, format score.Format) score.Field {
		return score.Field{Name: name, Argument: name, Value: value, Format: format}
	}
	return []testCase{
		{"template for text", one("email", `email(hello = "{{ .Status }}")`, "hello", `"{{ .Status }}"`, set("hello", "{{ .Status }}", score.FormatText)), []want{{"1:15", "not-a-template", "plain text"}}},
		{"nothing", one("discord", `discord(title = "")`, "title", `""`, set("title", "", score.FormatTemplate)), []want{{"1:17", "empty-setting", "leave title out"}}},
		{
			"too long", one("discord", `discord(title = "xxxx")`, "title", `"xxxx"`, score.Field{Name: "title", Argument: "title", Value: strings.Repeat("ü", 257), Limit: 256}),
			[]want{{"1:17", "long-text", "got 257 characters, want at most 256"}},
		},
		{"mail addresses", one("email", `email(to = "a@b.example; c@d.example")`, "to", `"a@b.example; c@d.example"`, set("to", "a@b.example; c@d.example", score.FormatMailboxes)), []want{{"1:12", "invalid-mail-address", "commas"}}},
		{"one mail address", one("email", `email(from_ = "a@b.example, c@d.example")`, "from", `"a@b.example, c@d.example"`, set("from", "a@b.example, c@d.example", score.FormatMailbox)), []want{{"1:15", "invalid-mail-address", "got 2 addresses, want one"}}},
		{"smarthost", one("email", `email(smarthost = "mail.example.com")`, "smarthost", `"mail.example.com"`, set("smarthost", "mail.example.com", score.FormatAddress)), []want{{"1:19", "invalid-address", "want a port"}}},
		{"a day's timeout", one("webhook", `webhook(timeout = "24h")`, "timeout", `"24h"`, set("timeout", "24h", score.FormatTimeout)), []want{{"1:19", "invalid-duration", "less than a day"}}},
		{"days to live", one("pushover", `pushover(ttl = "2d")`, "ttl", `"2d"`, set("ttl", "2d", score.FormatTimeout)), []want{{"1:16", "invalid-duration", `write "48h"`}}},
		{"negative number", one("webhook", `webhook(max_alerts = -1)`, "max_alerts", `-1`, set("max_alerts", int64(-1), 0)), []want{{"1:22", "out-of-range", "got -1, want zero or more"}}},
		{"headers", one("email", `email(headers = {"subject": "a", "Subject": "b"})`, "headers", `{"subject": "a", "Subject": "b"}`,
			set("headers", []score.Field{set("subject", "a", 0), set("Subject", "b", 0)}, 0)), []want{{"1:7", "conflicting-settings", "the same header"}}},
		{"headers of requests", one("webhook", `webhook(http_config = http_config(http_headers = {"x-a": http_header(), "X-A": http_header(), "host": http_header()}))`, "url", `http_config(`,
			set("http_config", score.Block{Constructor: "http_config", Fields: []score.Field{set("http_headers", []score.Field{
				set("x-a", score.Block{Constructor: "http_header"}, 0), set("X-A", score.Block{Constructor: "http_header"}, 0), set("host", score.Block{Constructor: "http_header"}, 0),
			}, 0)}}, 0)), []want{{"1:1", "conflicting-settings", "the same header"}, {"1:1", "reserved-header", `got "host"`}}},
		{"custom fields", one("victorops", `victorops(custom_fields = {"entity_id": "a"})`, "custom_fields", `{"entity_id": "a"}`,
			set("custom_fields", []score.Field{set("entity_id", "a", 0)}, 0)), []want{{"1:11", "conflicting-settings", "every message has"}}},
		{"a template in an entry", one("email", `email(headers = {"Subject": "{{ .Nope }}"})`, "headers", `{"Subject": "{{ .Nope }}"}`,
			set("headers", []score.Field{set("Subject", "{{ .Nope }}", 0)}, 0)), []want{{"1:17", "invalid-template", ".CommonLabels"}}},
		{"a template in a block", one("slack", `slack(fields = [slack_field(title = "{{ .Nope }}")])`, "fields", `[slack_field(title = "{{ .Nope }}")]`,
			set("fields", []score.Block{{Constructor: "slack_field", Fields: []score.Field{set("title", "{{ .Nope }}", 0)}}}, 0)), []want{{"1:1", "invalid-template", "fields[0].title"}}},
	}
}

// TestReceiverTemplates holds templates against what Alertmanager gives them. A template without a problem has "".
func TestReceiverTemplates(t *testing.T) {
	for text, want := range map[string]string{
		`{{ .CommonLabels.alertname }} {{ .Alerts.Firing | len }} {{ len .Alerts.Resolved }}`:                                         "",
		`{{ range .Alerts }}{{ .Labels.instance }} {{ .StartsAt.Format "15:04" }} {{ .Annotations.SortedPairs }}{{ end }}`:            "",
		`{{ range $i, $a := .Alerts }}{{ $i }}{{ $a.Labels.x }}{{ $.Status }}{{ else }}none{{ end }}`:                                 "",
		`{{ with .CommonAnnotations.summary }}{{ . | toUpper }}{{ end }}`:                                                             "",
		`{{ template "slack.default.title" . }}`:                                                                                      "",
		`{{ define "mine" }}{{ .Status }}{{ end }}{{ template "mine" . }}`:                                                            "",
		`{{ join ", " .CommonLabels.Values }} {{ .GroupLabels.Names.Join "," }} {{ (index .Alerts 0).Labels.x }}`:                     "",
		`{{ .CommonLabels.Remove (stringSlice "a") }} {{ $x := .Status }}{{ $x = "b" }}{{ $x }} {{ dict "a" 1 | toJson }}`:            "",
		`{{ range .CommonLabels.SortedPairs }}{{ .Name }}={{ .Value }}{{ end }} {{ range $k, $v := .CommonLabels }}{{ $v }}{{ end }}`: "",
		`{{ .StartsAt }}`:                                          "0 got the field .StartsAt, want one of the notification",
		`{{ .CommonLabel.a }}`:                                     "3 got the field .CommonLabel | did you mean .CommonLabels?",
		`xx {{ .Labels.alertname }}`:                               "6 got the field .Labels | write .CommonLabels",
		`{{ range .Alerts }}{{ .Lables.x }}{{ end }}`:              "22 got the field .Lables, want one of an alert | did you mean .Labels?",
		`{{ .Alerts.Labels.x }}`:                                   "10 got the field .Labels, want one of a list of alerts | range over the list",
		`{{ .Status.Firing }}`:                                     "10 got the field .Firing of a string",
		`{{ .CommonLabels | toUpper }}`:                            "19 toUpper: got labels or annotations, want a string",
		`{{ toUpper }}`:                                            "3 toUpper: got 0 arguments, want 1",
		`{{ reReplaceAll "a" "b" }}`:                               "3 reReplaceAll: got 2 arguments, want 3",
		`{{ .CommonLabels.Remove }}`:                               "16 .Remove: got 0 arguments, want 1",
		`{{ template "mine" . }}`:                                  `12 got the template "mine", which neither`,
		`{{ template "slack.default.title" }}`:                     `12 the template "slack.default.title" gets no data | template "slack.default.title" .`,
		`{{ range .Status }}{{ end }}`:                             "9 range over .Status: got a string",
		`{{ range $a := .Alerts }}{{ $a.Label }}{{ end }}`:         "30 got the field .Label, want one of an alert | did you mean .Labels?",
		`{{ define "x" }}{{ .Nope }}{{ end }}{{ template "x" . }}`: "19 got the field .Nope",
		`{{ if .Alerts }}{{ .Nope }}{{ end }}`:                     "19 got the field .Nope",
		`{{ .CommonLabels.alertname | toUper }}`:                   `0 function "toUper" not defined | did you mean toUpper?`,
		`{{ $labels.instance }}`:                                   `0 undefined variable "$labels" | write .CommonLabels`,
		`{{ $value }}`:                                             `0 undefined variable "$value" | put the value into an annotation`,
		`{{ if .Status }}`:                                         "does not parse: unexpected EOF",
	} {
		t.Run(text, func(t *testing.T) {
			s := &script{t: t}
			stack := good(s)
			c := channel("discord", "a", score.Field{Name: "title", Argument: "title", Value: text})
			c.Origin = s.call(fmt.Sprintf("discord(title = '%s')", text), "title", "'"+text+"'")
			stack.AlertChannels = []score.AlertChannel{c}
			got := check.Deployment(score.Deployment{Name: "demo", Scores: []score.Score{stack}}, nil)
			if want == "" {
				if len(got) > 0 {
					t.Errorf("got %v, want no problem", got)
				}
				return
			}
			if len(got) != 1 || got[0].Code != "invalid-template" {
				t.Fatalf("got %v, want one invalid-template", got)
			}
			message, fix, _ := strings.Cut(want, " | ")
			if offset, rest, ok := strings.Cut(message, " "); ok && strings.Trim(offset, "0123456789") == "" {
				message = rest
				first := c.Origin.Of("title").Column + 1
				if place := fmt.Sprint(got[0].Position.Column - first); place != offset && offset != "0" {
					t.Errorf("got the place %s, want %s", place, offset)
				}
			}
			if !strings.Contains(got[0].Summary, message) || !strings.Contains(got[0].Fix, fix) {
				t.Errorf("got %q, fix %q, want %q, fix %q", got[0].Summary, got[0].Fix, message, fix)
			}
		})
	}
}

// FuzzReceiverTemplate looks for templates that make the walk panic, or that it places outside of the text.
func FuzzReceiverTemplate(f *testing.F) {
	for _, text := range []string{
		`{{ .CommonLabels.a.b }}`, `{{ range $i, $a := .Alerts }}{{ $a.Labels.x | toUpper }}{{ else }}{{ end }}`, `{{ define "x" }}{{ template "x" . }}{{ end }}{{ template "x" . }}`,
		`{{ with $x := .Status }}{{ $x = 1 }}{{ $x.y }}{{ end }}`, `{{ (index .Alerts 0).Labels.a }}`, `{{ nil }}`, `{{ 1 | len }}`, `{{ break }}`, `{{- "ü" -}}{{ .Ü }}`,
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s := &script{t: t}
		stack := good(s)
		stack.AlertChannels = []score.AlertChannel{channel("discord", "a", score.Field{Name: "title", Value: text})}
		for _, d := range check.Deployment(score.Deployment{Name: "demo", Scores: []score.Score{stack}}, nil) {
			if d.Summary == "" || d.Length < 0 {
				t.Errorf("got %+v", d)
			}
		}
	})
}
