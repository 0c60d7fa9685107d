// SPDX-License-Identifier: Apache-2.0

// This file has the kinds of settings that the tables of channels are made of, and the rules about which of them
// belong together.

package builtins

import (
	"fmt"
	"strings"

	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// templateSetting is text that Alertmanager expands as a template.
func templateSetting(name, doc string) Argument {
	return Argument{Name: name, Type: String(), Doc: doc, Format: score.FormatTemplate}
}

// textSetting is text that Alertmanager takes as it is.
func textSetting(name, doc string) Argument {
	return Argument{Name: name, Type: String(), Doc: doc, Format: score.FormatText}
}

// urlSetting is a URL that Alertmanager takes as it is.
func urlSetting(name, doc string) Argument {
	return Argument{Name: name, Type: String(), Doc: doc, Format: score.FormatURL, Hint: name + ` = "https://…"`}
}

// templateURLSetting is a URL or a template that gives one.
func templateURLSetting(name, doc string) Argument {
	return Argument{Name: name, Type: String(), Doc: doc, Format: score.FormatTemplateURL, Hint: name + ` = "https://…"`}
}

// secretSetting is a secret; variable is the environment variable that its hint proposes.
func secretSetting(name, variable, doc string) Argument {
	return Argument{Name: name, Type: Secret(), Doc: doc, Hint: fmt.Sprintf("%s = secret(env = %q)", name, variable)}
}

// choiceSetting is one of values, or a template that gives one of them.
func choiceSetting(name, doc string, values ...string) Argument {
	return Argument{Name: name, Type: String(), Doc: doc, Format: score.FormatChoice, Values: values}
}

// enumSetting is one of values.
func enumSetting(name, doc string, values ...string) Argument {
	return Argument{Name: name, Type: String(), Doc: doc, Format: score.FormatText, Values: values}
}

func flagSetting(name, doc string) Argument { return Argument{Name: name, Type: Bool(), Doc: doc} }

func numberSetting(name, doc string) Argument { return Argument{Name: name, Type: Int(), Doc: doc} }

// timeoutSetting is a duration that Alertmanager reads in Go's notation.
func timeoutSetting(name, doc, example string) Argument {
	return Argument{Name: name, Type: String(), Doc: doc, Format: score.FormatTimeout, Hint: fmt.Sprintf("%s = %q", name, example)}
}

// entriesSetting is a dict of templates by name.
func entriesSetting(name, doc string) Argument {
	return Argument{Name: name, Type: MapOf(String()), Doc: doc, Hint: name + ` = {"team": "web"}`}
}

// blockSetting takes a value of the constructor, and blocksSetting a list of them.
func blockSetting(name, constructor, doc string) Argument {
	return Argument{Name: name, Type: ValueOf(constructor), Doc: doc, Hint: name + " = " + constructor + "(…)"}
}

func blocksSetting(name, constructor, doc string) Argument {
	return Argument{Name: name, Type: ListOf(ValueOf(constructor)), Doc: doc, Hint: name + " = [" + constructor + "(…)]"}
}

// resolvedSetting is send_resolved with Alertmanager's default for the channel.
func resolvedSetting(byDefault bool) Argument {
	return Argument{Name: sendResolved, Type: Bool(), Default: byDefault, Doc: "Whether to tell that an alert is over. The default is Alertmanager's for this kind of receiver."}
}

// httpSetting is the http_config that every channel over HTTP has.
func httpSetting() Argument {
	return blockSetting("http_config", "http_config", "How to connect: authentication, TLS, proxy.")
}

// limited says how many characters the service takes.
func limited(a Argument, characters int) Argument {
	a.Limit = characters
	return a
}

// rule says what is wrong with the choice of arguments.
type rule func(given func(name string) bool) []Problem

// with adds rules to a signature.
func (s Signature) with(rules ...rule) Signature {
	s.Validate = func(given func(string) bool) []Problem {
		var problems []Problem
		for _, rule := range rules {
			problems = append(problems, rule(given)...)
		}
		return problems
	}
	return s
}

// oneOf wants exactly one of the arguments. hints say how to write each.
func oneOf(hints map[string]string, names ...string) rule {
	return func(given func(string) bool) []Problem {
		problems := atMostOne(names...)(given)
		return append(problems, atLeastOne(hints, names...)(given)...)
	}
}

// atLeastOne wants one of the arguments or more.
func atLeastOne(hints map[string]string, names ...string) rule {
	return func(given func(string) bool) []Problem {
		ways := make([]string, len(names))
		for i, name := range names {
			if given(name) {
				return nil
			}
			ways[i] = hints[name]
		}
		return []Problem{{Text: "got none of " + strings.Join(names, ", ") + ", want one of them", Fix: "write " + strings.Join(ways, " or ")}}
	}
}

// atMostOne wants one of the arguments or none, and points at the second.
func atMostOne(names ...string) rule {
	return func(given func(string) bool) []Problem {
		var found []string
		for _, name := range names {
			if given(name) {
				found = append(found, name)
			}
		}
		if len(found) < 2 {
			return nil
		}
		return []Problem{{
			Argument: found[1], Text: "got " + strings.Join(found, " and ") + ", want only one of them",
			Fix: "leave out " + strings.Join(found[1:], " and "),
		}}
	}
}

// needs wants second wherever first is given.
func needs(first, second, hint string) rule {
	return func(given func(string) bool) []Problem {
		if !given(first) || given(second) {
			return nil
		}
		return []Problem{{Argument: first, Text: "got " + first + " without " + second + ", want both", Fix: "write " + hint}}
	}
}

// together wants both arguments or none.
func together(first, second, hintFirst, hintSecond string) rule {
	return func(given func(string) bool) []Problem {
		return append(needs(first, second, hintSecond)(given), needs(second, first, hintFirst)(given)...)
	}
}
