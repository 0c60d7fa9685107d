// SPDX-License-Identifier: Apache-2.0

package alertmanagerconfig_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1alpha1"
	"sigs.k8s.io/yaml"

	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// routed is a delivery with everything that routing has.
func routed() backend.Delivery {
	pager, tickets, night := channels()[0], channels()[1], channels()[2]
	pager.Name, tickets.Name, night.Name = "pager", "tickets", "night"
	pager.Matchers = []string{`severity="critical"`}
	return backend.Delivery{
		Namespace: "blue", Stack: "main", Labels: map[string]string{"a": "b"}, Score: `monitoring_stack "main"`,
		Channels: []score.AlertChannel{pager, tickets, night},
		Route: &score.Route{
			Channel: "tickets", GroupBy: []string{"alertname"}, GroupWait: "10s", RepeatInterval: "12h",
			Routes: []score.Route{
				{Matchers: []string{`team=~"web|shop"`}, GroupBy: []string{}, Continue: true, ActiveTimes: []string{"office"}},
				{Channel: "pager", Matchers: []string{`{team="db",env!~"test.*"}`}, MuteTimes: []string{"night"}, Routes: []score.Route{
					{Matchers: []string{`tier="1"`}, Channel: "night", Continue: true, GroupInterval: "1m"},
					{Matchers: []string{`tier="2"`}, GroupBy: []string{"..."}},
				}},
			},
		},
		InhibitRules: []score.InhibitRule{{SourceMatchers: []string{`severity="critical"`}, TargetMatchers: []string{`severity=~"warning|info"`}, Equal: []string{"alertname", "namespace"}}},
		MuteTimes: []score.MuteTime{
			{Name: "office", Intervals: []score.TimeInterval{{Times: []string{"09:00-17:30"}, Weekdays: []string{"Monday:friday"}, Location: "Etc/UTC"}}},
			{Name: "night", Intervals: []score.TimeInterval{
				{Times: []string{"22:00-24:00", "00:00-06:00"}},
				{Weekdays: []string{"saturday", "sunday"}, DaysOfMonth: []string{"1:7", "-1"}, Months: []string{"december", "1:3", "june:August"}, Years: []string{"2027", "2030:2031"}},
			}},
		},
	}
}

// TestRouting holds a whole routing against the operator's own types and validation.
func TestRouting(t *testing.T) {
	objects, err := v2().Send(routed())
	if err != nil {
		t.Fatal(err)
	}
	config := objects[len(objects)-1]
	validate(t, config)
	manifest, err := yaml.JSONToYAML(config.Manifest)
	if err != nil {
		t.Fatal(err)
	}
	files.Check(t, "routing.yaml", manifest)
}

// TestRoutingMatchers expects every matcher to come out of the operator's own spelling as it went in.
func TestRoutingMatchers(t *testing.T) {
	delivery := routed()
	delivery.Route = &score.Route{Routes: []score.Route{{Channel: "tickets", Matchers: []string{`a="say \"hi\"\\ \n"`, `b=~"x\\d+|日本"`, `{c!="",d!~".*"}`}}}}
	objects, err := v2().Send(delivery)
	if err != nil {
		t.Fatal(err)
	}
	var typed v1alpha1.AlertmanagerConfig
	if err := json.Unmarshal(objects[len(objects)-1].Manifest, &typed); err != nil {
		t.Fatal(err)
	}
	children, err := typed.Spec.Route.ChildRoutes()
	if err != nil {
		t.Fatal(err)
	}
	var spelled []string
	for _, m := range children[0].Matchers {
		spelled = append(spelled, m.String())
	}
	want := `a="say \"hi\"\\ \n", b=~"x\\d+|日本", c!="", d!~".*"`
	if got := strings.Join(spelled, ", "); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestRoutingRefuses(t *testing.T) {
	delivery := routed()
	delivery.Route = &score.Route{Channel: "nobody", Matchers: []string{"a=b"}}
	delivery.InhibitRules = []score.InhibitRule{{SourceMatchers: []string{"a"}}}
	delivery.MuteTimes = []score.MuteTime{{Name: "m", Intervals: []score.TimeInterval{{Times: []string{"17:00-09:00"}}}}}
	_, err := v2().Send(delivery)
	if err == nil || !strings.Contains(err.Error(), `got the channel "nobody"`) || !strings.Contains(err.Error(), "the top of the tree") {
		t.Errorf("got %v, want what is wrong with the route", err)
	}
	delivery.Route = nil
	_, err = v2().Send(delivery)
	if err == nil || !strings.Contains(err.Error(), "inhibit_rule") || !strings.Contains(err.Error(), `mute_time "m": times`) {
		t.Errorf("got %v, want what is wrong with the inhibit rule and the mute time", err)
	}
}
