// SPDX-License-Identifier: Apache-2.0

package routing_test

import (
	"fmt"
	"math/rand"

	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// Few labels and values, so that matchers meet, and expressions of every kind.
var (
	labelNames  = []string{"severity", "team", "namespace", "alertname"}
	labelValues = []string{"", "critical", "warning", "web", "db", "blue", "line\nbreak", "Critical"}
	expressions = []string{"critical|warning", ".*", ".+", "web.*", "w.*b?", "", "(?i)critical", "[^c].*", `\w+`, "c.*l", `(web|db)?`, "x^"}
)

func oneOf(random *rand.Rand, list []string) string { return list[random.Intn(len(list))] }

func randomMatchers(random *rand.Rand, most int) []string {
	var texts []string
	for range random.Intn(most + 1) {
		m := score.Matcher{Label: oneOf(random, labelNames), Operator: []string{"=", "=", "!=", "=~", "!~"}[random.Intn(5)]}
		m.Value = oneOf(random, labelValues)
		if m.Operator[len(m.Operator)-1] == '~' {
			m.Value = oneOf(random, expressions)
		}
		texts = append(texts, m.String())
	}
	return texts
}

func randomRoute(random *rand.Rand, channels []score.AlertChannel, depth int) score.Route {
	r := score.Route{Continue: random.Intn(3) == 0, Matchers: randomMatchers(random, 2)}
	if random.Intn(3) > 0 {
		r.Channel = channels[random.Intn(len(channels))].Name
	}
	if depth > 0 {
		for range random.Intn(4) {
			r.Routes = append(r.Routes, randomRoute(random, channels, depth-1))
		}
	}
	return r
}

func randomStack(random *rand.Rand) score.MonitoringStack {
	stack := score.MonitoringStack{Namespace: "blue", Name: "main"}
	for i := range 4 {
		c := score.AlertChannel{Constructor: "webhook", Name: fmt.Sprintf("channel-%d", i)}
		if random.Intn(2) == 0 {
			c.Matchers = randomMatchers(random, 2)
		}
		stack.AlertChannels = append(stack.AlertChannels, c)
	}
	top := randomRoute(random, stack.AlertChannels, 3)
	top.Matchers, top.Continue = nil, false
	stack.Route = &top
	return stack
}

func randomAlert(random *rand.Rand) map[string]string {
	alert := map[string]string{}
	for _, label := range labelNames {
		if v := oneOf(random, labelValues); v != "" {
			alert[label] = v
		}
	}
	return alert
}
