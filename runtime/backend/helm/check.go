// SPDX-License-Identifier: Apache-2.0

// This file checks the values that a script gives.

package helm

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// CheckValues returns the values that would break what the score says, and those that look like secrets, which Helm
// would store in the cluster in the open.
func (compiler) CheckValues(values map[string]any, tenant bool) []backend.ValueProblem {
	var problems []backend.ValueProblem
	told := map[string]bool{}
	for _, r := range reservations() {
		if r.onlyTenant && !tenant {
			continue
		}
		path, found := r.find(values)
		if !found || told[joined(path)] {
			continue
		}
		told[joined(path)] = true
		problem := backend.ValueProblem{Path: path, Why: r.why, Instead: r.instead}
		if len(path) < len(r.path) {
			problem.Why, problem.Instead = "It takes the place of everything below it, which the stack needs.", "give the single settings"
		}
		problems = append(problems, problem)
	}
	walk(values, nil, func(path []string, text string) {
		if told[joined(path)] || !score.LooksLikeSecret(setting(path), text) {
			return
		}
		problems = append(problems, backend.ValueProblem{
			Path: path, Secret: true, Why: "Helm stores the values of a release in the cluster as they are.",
			Instead: "keep it in a Kubernetes Secret and name that with a setting such as existingSecret",
		})
	})
	slices.SortStableFunc(problems, func(a, b backend.ValueProblem) int { return slices.Compare(a.Path, b.Path) })
	return problems
}

// joined makes a path comparable: no key holds this separator.
func joined(path []string) string { return strings.Join(path, "\x00") }

// setting is the name that the value at path has: elements of lists go by the list's.
func setting(path []string) string {
	for i := len(path) - 1; i > 0; i-- {
		if _, err := strconv.Atoi(path[i]); err != nil {
			return path[i]
		}
	}
	return path[0]
}

// walk calls visit with every text in value and the way there.
func walk(value any, path []string, visit func(path []string, text string)) {
	switch value := value.(type) {
	case string:
		visit(path, value)
	case []any:
		for i, element := range value {
			walk(element, append(slices.Clone(path), strconv.Itoa(i)), visit)
		}
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(value)) {
			walk(value[key], append(slices.Clone(path), key), visit)
		}
	}
}

// reservation is a value that is not the script's to give.
type reservation struct {
	path []string
	// onlyTenant limits it to the stack of a tenant.
	onlyTenant bool
	// unless lets values through that do no harm; nil lets none.
	unless func(value any) bool
	// why says what it would break, instead what to write; see backend.ValueProblem.
	why, instead string
}

// find returns the path under which values set what is reserved. Something above it that is no map sets it too, by
// taking its place.
func (r reservation) find(values map[string]any) (path []string, found bool) {
	var value any = values
	for i, key := range r.path {
		level, isMap := value.(map[string]any)
		if !isMap {
			return r.path[:i], true
		}
		if value, found = level[key]; !found {
			return nil, false
		}
	}
	return r.path, r.unless == nil || !r.unless(value)
}
