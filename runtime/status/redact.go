// SPDX-License-Identifier: Apache-2.0

// This file takes the contents of Secrets out of what others say about objects: a controller or a webhook may quote them.

package status

import (
	"encoding/base64"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/harmonyscript/harmonyscript/runtime/cluster"
)

// redactor knows the contents of the request's Secrets.
func redactor(items []Item, found []fetched) *cluster.Redactor {
	known := &cluster.Redactor{}
	for n, f := range found {
		if f.object == nil || groupKind(f.object) != (schema.GroupKind{Kind: "Secret"}) {
			continue
		}
		least := 0
		if items[n].Foreign {
			least = cluster.LeastForeign
		}
		data, _ := field(f.object.Object, "data").(map[string]any)
		for key := range data {
			value, err := base64.StdEncoding.DecodeString(textField(data, key))
			if err == nil && len(value) >= least {
				known.Add(string(value))
			}
		}
	}
	return known
}

// Redact returns a text about the deployment without the contents of its Secrets.
func (t *Tree) Redact(text string) string {
	if t.known == nil {
		return text
	}
	return t.known.Text(text)
}

func redactCondition(known *cluster.Redactor, c *Condition) {
	c.Reason, c.Message = known.Text(c.Reason), known.Text(c.Message)
}

func redactEvents(known *cluster.Redactor, events []Event) {
	for n := range events {
		e := &events[n]
		e.Reason, e.Message = known.Text(e.Reason), known.Text(e.Message)
	}
}

// redactObject changes the object and all below it.
func redactObject(known *cluster.Redactor, o *Object) {
	redactCondition(known, &o.Condition)
	for n := range o.Conditions {
		c := &o.Conditions[n]
		c.Reason, c.Message = known.Text(c.Reason), known.Text(c.Message)
	}
	redactEvents(known, o.Events)
	for n := range o.Owned {
		redactObject(known, &o.Owned[n])
	}
	for n := range o.Pods {
		p := &o.Pods[n]
		redactCondition(known, &p.Condition)
		redactEvents(known, p.Events)
		for m := range p.Containers {
			c := &p.Containers[m]
			c.Reason, c.Message, c.LastReason = known.Text(c.Reason), known.Text(c.Message), known.Text(c.LastReason)
		}
	}
}
