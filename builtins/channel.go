// SPDX-License-Identifier: Apache-2.0

// This file makes alert channels. A channel is a table of its receiver's settings: it knows no version of the
// monitoring API, and adding one is adding a table.

package builtins

import (
	"slices"
	"strings"

	"github.com/harmonyscript/harmonyscript/runtime/score"
)

const (
	familyChannels = "alert channels"
	familyBlocks   = "channel settings"
	// sendResolved is the setting that every channel has. A channel that gives it a doc of its own says its default.
	sendResolved = "send_resolved"
)

// Channel returns the signature of an alert channel: a constructor with the arguments name, the given fields,
// send_resolved and matchers, whose value describes the integration of Alertmanager called integration. Fields bear
// the names of Alertmanager's configuration; all of them that are given are handed on in their order.
//
// Whether a resolved alert is told by default is True, unless fields hold a send_resolved with another default.
func Channel(integration, summary, doc, example string, fields ...Argument) Signature {
	arguments := []Argument{{
		Name: "name", Type: String(), Required: true,
		Doc: "Name of the channel, unique in its stack; it becomes the receiver's name.", Hint: `name = "on-call"`,
	}}
	arguments = append(arguments, fields...)
	if !slices.ContainsFunc(fields, func(a Argument) bool { return a.Name == sendResolved }) {
		arguments = append(arguments, resolvedSetting(true))
	}
	arguments = append(arguments, Argument{
		Name: "matchers", Type: matchersType(),
		Doc:  "Which alerts go here, in Alertmanager's syntax. All must match; without any, every alert of the stack goes here.",
		Hint: `matchers = ['severity="critical"']`,
	})
	return Signature{
		Name: integration, Family: familyChannels, Result: kindChannel, Summary: summary, Doc: doc, Example: example,
		Arguments: arguments,
		Build: func(c *Call) (any, error) {
			return score.AlertChannel{
				Origin:      c.Origin(),
				Constructor: c.Name(),
				Name:        c.String("name"),
				Matchers:    c.matchers("matchers"),
				Receiver:    score.Receiver{Integration: integration, Fields: settingsOf(c, "name", "matchers")},
			}, nil
		},
	}
}

// Block returns the signature of a constructor for a group of settings, such as http_config. Arguments of the type
// ValueOf(name) take its values, and hand them on as score.Block.
func Block(name, summary, doc, example string, fields ...Argument) Signature {
	return Signature{
		Name: name, Family: familyBlocks, Result: name, Summary: summary, Doc: doc, Example: example,
		Arguments: fields,
		Build: func(c *Call) (any, error) {
			return score.Block{Origin: c.Origin(), Constructor: c.Name(), Fields: settingsOf(c)}, nil
		},
	}
}

// settingsOf returns the arguments that were given, but for some, as settings in the order of the signature.
func settingsOf(c *Call, but ...string) []score.Field {
	var fields []score.Field
	for _, a := range c.signature.Arguments {
		if slices.Contains(but, a.Name) || !c.Given(a.Name) {
			continue
		}
		fields = append(fields, score.Field{
			// `from` is a reserved word of the language, so the argument is from_.
			Name: strings.TrimSuffix(a.Name, "_"), Argument: a.Name, Value: fieldValue(c.Value(a.Name)), Format: a.Format, Limit: a.Limit,
		})
	}
	return fields
}

// fieldValue turns what was copied in into one of the kinds of value that score.Field has.
func fieldValue(copied any) any {
	switch c := copied.(type) {
	case list:
		return listValue(c)
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

// listValue tells lists apart by what they hold: the type of the argument has seen to it that it is one kind.
func listValue(elements list) any {
	if len(elements) == 0 {
		return []string{}
	}
	switch goValue(elements[0]).(type) {
	case score.Block:
		return valuesOf[score.Block](elements)
	case score.Secret:
		return valuesOf[score.Secret](elements)
	default:
		return valuesOf[string](elements)
	}
}

func valuesOf[T any](elements list) []T {
	values := make([]T, len(elements))
	for i, elem := range elements {
		values[i] = goValue(elem).(T)
	}
	return values
}

// channelSignatures lists every channel and the blocks of settings that channels are made of.
func channelSignatures() []Signature {
	return slices.Concat([]Signature{
		discordSignature(), incidentioSignature(), msteamsSignature(), msteamsv2Signature(), telegramSignature(),
		victoropsSignature(), webexSignature(), webhookSignature(), wechatSignature(), pushoverSignature(),
	},
		emailSignatures(), jiraSignatures(), mattermostSignatures(), opsgenieSignatures(), pagerdutySignatures(),
		rocketchatSignatures(), slackSignatures(), snsSignatures(), httpSignatures(),
	)
}
