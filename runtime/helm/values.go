// SPDX-License-Identifier: Apache-2.0

// This file finds values that a chart does not know. Helm itself takes them in silence, and a misspelt one does nothing.

package helm

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"helm.sh/helm/v3/pkg/chart"

	"github.com/harmonyscript/harmonyscript/runtime/diag"
)

// knownValues are what a chart and its dependencies say about their values.
type knownValues struct {
	// tree has the default values; maps that are empty take any key.
	tree map[string]any
	// mentioned are pairs "parent.key" in templates, of values that values.yaml only has in comments.
	mentioned map[string]bool
}

// mention finds the last two names of a path, as in ".Values.prometheus.enabled".
var mention = regexp.MustCompile(`[A-Za-z0-9_-]+(\.[A-Za-z0-9_]+)+`)

// valuesOf reads what c knows.
func valuesOf(c *chart.Chart) *knownValues {
	known := &knownValues{tree: map[string]any{}, mentioned: map[string]bool{}}
	known.add(c)
	return known
}

func (k *knownValues) add(c *chart.Chart) {
	mergeKnown(k.tree, c.Values)
	if len(c.Schema) > 0 {
		var schema map[string]any
		if json.Unmarshal(c.Schema, &schema) == nil {
			mergeKnown(k.tree, properties(schema))
		}
	}
	for _, template := range c.Templates {
		for _, path := range mention.FindAllString(string(template.Data), -1) {
			names := strings.Split(path, ".")
			for i := 1; i < len(names); i++ {
				k.mentioned[names[i-1]+"."+names[i]] = true
			}
		}
	}
	k.open("tags")
	for _, dependency := range c.Metadata.Dependencies {
		if dependency == nil {
			continue
		}
		for _, sub := range c.Dependencies() {
			if sub.Name() != dependency.Name {
				continue
			}
			name := dependency.Name
			if dependency.Alias != "" {
				name = dependency.Alias
			}
			below := valuesOf(sub)
			mergeKnown(k.tree, map[string]any{name: below.tree})
			if global, ok := below.tree["global"].(map[string]any); ok {
				mergeKnown(k.tree, map[string]any{"global": global})
			}
			maps.Copy(k.mentioned, below.mentioned)
			for pair := range below.mentioned {
				// What is at the top for a dependency is below its name for us.
				if key, found := strings.CutPrefix(pair, "Values."); found {
					k.mentioned[name+"."+key] = true
				}
			}
		}
		for condition := range strings.SplitSeq(dependency.Condition, ",") {
			mergeKnown(k.tree, nested(strings.Split(strings.TrimSpace(condition), "."), nil))
		}
	}
	k.open("global")
}

// open lets a key of the top level take anything, unless the chart says what it takes.
func (k *knownValues) open(key string) {
	if _, ok := k.tree[key]; !ok {
		k.tree[key] = map[string]any{}
	}
}

func nested(path []string, leaf any) map[string]any {
	if len(path) == 0 || path[0] == "" {
		return nil
	}
	if len(path) == 1 {
		return map[string]any{path[0]: leaf}
	}
	return map[string]any{path[0]: nested(path[1:], leaf)}
}

// properties turns a JSON schema into a tree of keys.
func properties(schema map[string]any) map[string]any {
	tree := map[string]any{}
	declared, _ := schema["properties"].(map[string]any)
	for name, value := range declared {
		tree[name] = nil
		if below, ok := value.(map[string]any); ok {
			if keys := properties(below); len(keys) > 0 {
				tree[name] = keys
			}
		}
	}
	return tree
}

// mergeKnown adds the keys of b to a.
func mergeKnown(a, b map[string]any) {
	for key, value := range b {
		inner, isMap := value.(map[string]any)
		if !isMap {
			if _, ok := a[key]; !ok {
				a[key] = value
			}
			continue
		}
		existing, ok := a[key].(map[string]any)
		if !ok {
			existing = map[string]any{}
			a[key] = existing
		}
		mergeKnown(existing, inner)
	}
}

// has reports whether the chart knows the path.
func (k *knownValues) has(path []string) bool {
	var level any = k.tree
	for i, key := range path {
		fields, ok := level.(map[string]any)
		if level == nil || ok && len(fields) == 0 && i > 0 {
			// Below what has no defaults anything goes.
			return true
		}
		if !ok {
			return false
		}
		if level, ok = fields[key]; !ok {
			return k.mentions(path[:i+1])
		}
	}
	return true
}

func (k *knownValues) mentions(path []string) bool {
	if len(path) == 1 {
		return k.mentioned["Values."+path[0]]
	}
	return k.mentioned[path[len(path)-2]+"."+path[len(path)-1]]
}

// checkValues compares a release's values with what the chart knows.
func (l *loadedChart) checkValues(values map[string]any) []problem {
	known := l.known()
	var problems []problem
	lacking := map[string]bool{}
	for _, required := range requiredValues() {
		if !present(values, required.path) && !required.always || known.has(required.path) {
			continue
		}
		lacking[strings.Join(required.path, ".")] = true
		problems = append(problems, problem{
			code: "chart-unsuitable", argument: "version",
			summary: fmt.Sprintf("%s does not know the value %s", l.title(), strings.Join(required.path, ".")), detail: required.why,
			fix: "use kube-prometheus-stack " + DefaultVersion + ", or a chart that knows this value",
		})
	}
	c := &valueCheck{chart: l, known: known, lacking: lacking}
	c.walk(values, known.tree, nil)
	return append(problems, c.problems...)
}

type valueCheck struct {
	chart    *loadedChart
	known    *knownValues
	lacking  map[string]bool
	problems []problem
}

// walk compares one level of values with the chart's.
func (c *valueCheck) walk(values, known map[string]any, path []string) {
	for _, key := range slices.Sorted(maps.Keys(values)) {
		value := values[key]
		here := append(slices.Clone(path), key)
		inner, isMap := value.(map[string]any)
		def, ok := known[key]
		switch wanted, wantsMap := def.(map[string]any); {
		case value == nil:
			// null removes a key.
		case !ok:
			c.unknown(key, here, known)
		case wantsMap && !isMap:
			c.mismatch(here, "a map", value)
		case isMap && !wantsMap && def != nil:
			c.mismatch(here, nameOf(def), value)
		case isMap && len(wanted) > 0 && !freeForm(key):
			c.walk(inner, wanted, here)
		}
	}
}

// freeForm reports whether the keys of a map are the user's to choose: labels, annotations, and files such as grafana.ini.
func freeForm(key string) bool {
	lower := strings.ToLower(key)
	return strings.ContainsAny(key, "./") || strings.HasSuffix(lower, "labels") || strings.HasSuffix(lower, "annotations")
}

func (c *valueCheck) unknown(key string, path []string, known map[string]any) {
	dotted := strings.Join(path, ".")
	if strings.ContainsAny(key, "./") || c.lacking[dotted] || c.known.mentions(path) {
		return
	}
	for shorter := range c.lacking {
		if strings.HasPrefix(shorter, dotted+".") {
			return
		}
	}
	p := problem{
		code: "helm-value-unknown", warning: true, value: path,
		summary: fmt.Sprintf("helm_values: %s does not know the value %s", c.chart.title(), dotted), detail: "it will do nothing",
		fix: "see `helm show values` for what the chart knows",
	}
	parent := path[:len(path)-1]
	if near := diag.Nearest(key, slices.Collect(maps.Keys(known))); near != "" {
		p.fix = "did you mean " + strings.Join(append(slices.Clone(parent), near), ".") + "?"
	} else if deeper := findBelow(known, key, 0); deeper != nil {
		p.fix = "did you mean " + strings.Join(append(slices.Clone(parent), deeper...), ".") + "?"
	}
	c.problems = append(c.problems, p)
}

// findBelow looks for key deeper down: people forget a level.
func findBelow(known map[string]any, key string, depth int) []string {
	if depth > 2 {
		return nil
	}
	for _, name := range slices.Sorted(maps.Keys(known)) {
		below, ok := known[name].(map[string]any)
		if !ok {
			continue
		}
		if _, ok := below[key]; ok {
			return []string{name, key}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(known)) {
		if below, ok := known[name].(map[string]any); ok {
			if found := findBelow(below, key, depth+1); found != nil {
				return append([]string{name}, found...)
			}
		}
	}
	return nil
}

func (c *valueCheck) mismatch(path []string, want string, got any) {
	c.problems = append(c.problems, problem{
		code: "helm-values-invalid", value: path,
		summary: fmt.Sprintf("helm_values: %s wants %s for %s, got %s", c.chart.title(), want, strings.Join(path, "."), nameOf(got)),
		fix:     "see `helm show values` for what the chart takes",
	})
}

func nameOf(value any) string {
	switch value.(type) {
	case map[string]any:
		return "a map"
	case []any:
		return "a list"
	case string:
		return "a string"
	case bool:
		return "a bool"
	}
	return "a number"
}

// present reports whether values have something at path.
func present(values map[string]any, path []string) bool {
	var level any = values
	for _, key := range path {
		fields, ok := level.(map[string]any)
		if !ok {
			return false
		}
		if level, ok = fields[key]; !ok {
			return false
		}
	}
	return level != nil
}
