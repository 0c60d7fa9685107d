// SPDX-License-Identifier: Apache-2.0

// This file makes alert channels. A channel is a table of its receiver's fields: it knows no version of the
// monitoring API, and adding one is adding a table.

package builtins

import (
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// Channel returns the signature of an alert channel: a constructor with the arguments name, the given fields,
// send_resolved and matchers, whose value describes the integration of Alertmanager called integration. Fields bear
// the names of Alertmanager's configuration; all of them that are given are handed on in their order.
func Channel(integration, summary, doc, example string, fields ...Argument) Signature {
	arguments := []Argument{{
		Name: "name", Type: String(), Required: true,
		Doc: "Name of the channel, unique in its stack; it becomes the receiver's name.", Hint: `name = "on-call"`,
	}}
	arguments = append(arguments, fields...)
	arguments = append(arguments,
		Argument{Name: "send_resolved", Type: Bool(), Doc: "Whether to tell that an alert is over. Without it Alertmanager's default for this kind of receiver holds."},
		Argument{
			Name: "matchers", Type: ListOf(String()),
			Doc:  "Which alerts go here, in Alertmanager's syntax. All must match; without any, every alert of the stack goes here.",
			Hint: `matchers = ['severity="critical"']`,
		},
	)
	return Signature{
		Name: integration, Family: "alert channels", Result: kindChannel, Summary: summary, Doc: doc, Example: example,
		Arguments: arguments,
		Build: func(c *Call) (any, error) {
			channel := score.AlertChannel{
				Origin:      c.Origin(),
				Constructor: c.Name(),
				Name:        c.String("name"),
				Matchers:    c.Strings("matchers"),
				Receiver:    score.Receiver{Integration: integration},
			}
			for _, a := range c.signature.Arguments {
				if a.Name != "name" && a.Name != "matchers" && c.Given(a.Name) {
					channel.Receiver.Fields = append(channel.Receiver.Fields, score.Field{Name: a.Name, Argument: a.Name, Value: fieldValue(c.Value(a.Name))})
				}
			}
			return channel, nil
		},
	}
}

// fieldValue turns what was copied in into one of the kinds of value that score.Field has.
func fieldValue(copied any) any {
	switch c := copied.(type) {
	case list:
		return stringsOf(c)
	case *dict:
		fields := make([]score.Field, len(c.keys))
		for i, key := range c.keys {
			fields[i] = score.Field{Name: key, Argument: key, Value: fieldValue(c.values[i])}
		}
		return fields
	default:
		return goValue(c)
	}
}

func channelSignatures() []Signature {
	return []Signature{discordSignature(), webhookSignature()}
}
