// SPDX-License-Identifier: Apache-2.0

// This file reads fields of objects whose shape nobody guarantees: a value of an unexpected type counts as
// absent, so that no object in a cluster can make a reader fail.

package status

import (
	"math"
	"regexp"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// ObjectCondition is one entry of an object's status.conditions.
type ObjectCondition struct {
	Type string `json:"type"`
	// Status is "True", "False" or "Unknown"; prometheus-operator also says "Degraded".
	Status  string `json:"status"`
	Reason  string `json:"reason,omitempty"`
	Message string `json:"message,omitempty"`
	// ObservedGeneration is the generation that the condition is about; 0 when it does not tell.
	ObservedGeneration int64     `json:"observedGeneration,omitempty"`
	LastTransition     time.Time `json:"lastTransition,omitzero"`
}

// parsed is how Go's URL parser quotes what it cannot parse.
var parsed = regexp.MustCompile(`parse "(?:[^"\\]|\\.)*"`)

// hideParsed takes URLs out of a controller's message that did not parse: those of chat services are secrets,
// and a controller that reads one from a Secret puts it into events and conditions this way.
func hideParsed(message string) string {
	if !strings.Contains(message, `parse "`) {
		return message
	}
	return parsed.ReplaceAllString(message, `parse "(hidden)"`)
}

func field(object map[string]any, path ...string) any {
	var value any = object
	for _, name := range path {
		m, ok := value.(map[string]any)
		if !ok {
			return nil
		}
		value = m[name]
	}
	return value
}

func textField(object map[string]any, path ...string) string {
	s, _ := field(object, path...).(string)
	return s
}

func boolField(object map[string]any, path ...string) bool {
	b, _ := field(object, path...).(bool)
	return b
}

// intField returns a whole number; JSON decoders give int64 or float64.
func intField(object map[string]any, path ...string) (int64, bool) {
	switch value := field(object, path...).(type) {
	case int64:
		return value, true
	case int:
		return int64(value), true
	case float64:
		if value == math.Trunc(value) && math.Abs(value) < 1<<53 {
			return int64(value), true
		}
	}
	return 0, false
}

func mapsField(object map[string]any, path ...string) []map[string]any {
	list, _ := field(object, path...).([]any)
	var found []map[string]any
	for _, element := range list {
		if m, ok := element.(map[string]any); ok {
			found = append(found, m)
		}
	}
	return found
}

func timeField(object map[string]any, path ...string) time.Time {
	// RFC3339Nano also reads times without a fraction; MicroTime has one.
	t, err := time.Parse(time.RFC3339Nano, textField(object, path...))
	if err != nil {
		return time.Time{}
	}
	return t.UTC()
}

func conditionsIn(object map[string]any, path ...string) []ObjectCondition {
	var found []ObjectCondition
	for _, m := range mapsField(object, path...) {
		c := ObjectCondition{
			Type: textField(m, "type"), Status: textField(m, "status"),
			Reason: textField(m, "reason"), Message: hideParsed(textField(m, "message")),
			LastTransition: timeField(m, "lastTransitionTime"),
		}
		c.ObservedGeneration, _ = intField(m, "observedGeneration")
		if c.Type != "" {
			found = append(found, c)
		}
	}
	return found
}

// conditionsOf returns the entries of status.conditions.
func conditionsOf(object *unstructured.Unstructured) []ObjectCondition {
	return conditionsIn(object.Object, "status", "conditions")
}

func findCondition(conditions []ObjectCondition, kind string) (ObjectCondition, bool) {
	for _, c := range conditions {
		if c.Type == kind {
			return c, true
		}
	}
	return ObjectCondition{}, false
}

func generationOf(object *unstructured.Unstructured) int64 {
	generation, _ := intField(object.Object, "metadata", "generation")
	return generation
}
