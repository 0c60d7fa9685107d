// SPDX-License-Identifier: Apache-2.0

// This file compares alerts that fire with those that are expected.

package alerttest

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/prometheus/common/model"
)

// Expected describes one alert that should fire.
type Expected struct {
	// Alert is its name.
	Alert string
	// Labels are all of its labels besides alertname and, in a tenant, namespace; nil takes any.
	Labels map[string]string
	// Annotations are all of its annotations; nil takes any.
	Annotations map[string]string
}

// String writes the expectation as the alert is written, as far as it says something.
func (e Expected) String() string {
	text := e.Alert
	if e.Labels != nil {
		text += labelText(e.Labels)
	}
	if e.Annotations != nil {
		text += " with annotations " + labelText(e.Annotations)
	}
	return text
}

// String writes the alert's name, its other labels, and what it waits for if it is pending.
func (a Alert) String() string {
	text := a.Name + labelText(without(a.Labels, "alertname"))
	if !a.Firing {
		text += fmt.Sprintf(" (pending since %s, for %s)", model.Duration(a.Since), a.Rule.For)
	}
	return text
}

func (e Expected) takes(a Alert, namespace string) bool {
	if e.Alert != a.Name {
		return false
	}
	own := without(a.Labels, "alertname")
	if _, said := e.Labels[namespaceLabel]; namespace != "" && !said {
		delete(own, namespaceLabel)
	}
	return (e.Labels == nil || maps.Equal(e.Labels, own)) && (e.Annotations == nil || maps.Equal(e.Annotations, a.Annotations))
}

// Difference is what distinguishes what fires from what is expected.
type Difference struct {
	// Missing are expectations that no alert meets, Unexpected alerts that no expectation asks for.
	Missing    []Expected
	Unexpected []Alert
	// Pending are alerts of the names that are missing, which may fire later.
	Pending []Alert
}

// Compare matches the firing alerts of the state against what is expected, each with another one. only are the names
// of the alerts to look at; without any, all are. It returns nil when they agree.
func (s *State) Compare(expected []Expected, only []string, namespace string) *Difference {
	var fires, waits []Alert
	for _, a := range s.Alerts {
		switch {
		case len(only) > 0 && !slices.Contains(only, a.Name):
		case a.Firing:
			fires = append(fires, a)
		default:
			waits = append(waits, a)
		}
	}
	taker := assign(expected, fires, namespace)
	d := &Difference{}
	met := make([]bool, len(expected))
	for i, a := range fires {
		if taker[i] < 0 {
			d.Unexpected = append(d.Unexpected, a)
		} else {
			met[taker[i]] = true
		}
	}
	for i, e := range expected {
		if !met[i] {
			d.Missing = append(d.Missing, e)
		}
	}
	for _, a := range waits {
		if slices.ContainsFunc(d.Missing, func(e Expected) bool { return e.Alert == a.Name }) {
			d.Pending = append(d.Pending, a)
		}
	}
	if len(d.Missing)+len(d.Unexpected) == 0 {
		return nil
	}
	return d
}

// assign gives as many alerts as can be an expectation that takes them, and returns its index for each alert, or -1.
// An expectation that takes any labels must not keep an alert from the only one that takes it, so those before are
// moved where that helps.
func assign(expected []Expected, alerts []Alert, namespace string) []int {
	taker := make([]int, len(alerts))
	for i := range taker {
		taker[i] = -1
	}
	var place func(e int, visited []bool) bool
	place = func(e int, visited []bool) bool {
		for i, a := range alerts {
			if visited[i] || !expected[e].takes(a, namespace) {
				continue
			}
			visited[i] = true
			if taker[i] < 0 || place(taker[i], visited) {
				taker[i] = e
				return true
			}
		}
		return false
	}
	for e := range expected {
		place(e, make([]bool, len(alerts)))
	}
	return taker
}

// String tells the difference in lines: what is missing, what is there instead, what is still pending.
func (d *Difference) String() string {
	var lines []string
	for _, e := range d.Missing {
		lines = append(lines, "missing:    "+e.String())
	}
	shown := slices.ContainsFunc(d.Missing, func(e Expected) bool { return e.Annotations != nil })
	for _, a := range d.Unexpected {
		line := "unexpected: " + a.String()
		if shown {
			line += " with annotations " + labelText(a.Annotations)
		}
		lines = append(lines, line)
	}
	for _, a := range d.Pending {
		lines = append(lines, "pending:    "+a.String())
	}
	return strings.Join(lines, "\n")
}

func without(all map[string]string, name string) map[string]string {
	rest := maps.Clone(all)
	delete(rest, name)
	return rest
}

func labelText(all map[string]string) string {
	parts := make([]string, 0, len(all))
	for _, name := range slices.Sorted(maps.Keys(all)) {
		parts = append(parts, name+"="+strconv.Quote(all[name]))
	}
	return "{" + strings.Join(parts, ", ") + "}"
}
