// SPDX-License-Identifier: Apache-2.0

// This file holds the assertions of test files. One that does not hold is told, and the test goes on.

package builtins

import (
	"fmt"
	"regexp"
	"strings"

	"go.starlark.net/starlark"
	"go.starlark.net/syntax"

	"github.com/harmonyscript/harmonyscript/runtime/host"
)

// assertFails is known by name to the static pass.
const assertFails = "assert_fails"

// maxShown is how much of a value a failed assertion shows.
const maxShown = 2000

func assertSignatures() []Signature {
	message := Argument{Name: "message", Type: String(), Doc: "What to say when it does not hold.", Hint: `message = "…"`}
	got := Argument{Name: "got", Type: Any(), Required: true, Doc: "The value that there is."}
	want := Argument{Name: "want", Type: Any(), Required: true, Doc: "The value that it is compared with."}
	return []Signature{
		{
			Name: "assert_eq", Family: familyTests, TestOnly: true, Positional: 3, Summary: "that two values are equal",
			Doc:       "Like all assertions it does not end the test: every one that does not hold is told.",
			Arguments: []Argument{got, want, message},
			Example:   `assert_eq(tenant("blue").name, "blue")`,
			test:      runAssertEqual(true),
		},
		{
			Name: "assert_ne", Family: familyTests, TestOnly: true, Positional: 3, Summary: "that two values differ",
			Arguments: []Argument{got, want, message},
			Example:   `assert_ne(tenant("blue"), tenant("green"))`,
			test:      runAssertEqual(false),
		},
		{
			Name: "assert_true", Family: familyTests, TestOnly: true, Positional: 2, Summary: "that a value counts as true",
			Arguments: []Argument{{Name: "condition", Type: Any(), Required: true, Doc: "The value."}, message},
			Example:   `assert_true(tenant("blue").name.islower(), "names are in lower case")`,
			test: func(tester Tester, run *host.Thread, c *Call) (starlark.Value, error) {
				condition := c.Value("condition").(starlark.Value)
				verdict(tester, run, c, bool(condition.Truth()), "got "+shown(condition)+", want a value that counts as true", "")
				return starlark.None, nil
			},
		},
		{
			Name: "assert_contains", Family: familyTests, TestOnly: true, Positional: 3, Summary: "that something is in a list, dict, set or text",
			Arguments: []Argument{
				{Name: "container", Type: Any(), Required: true, Doc: "The list, tuple, dict (whose keys count), set or string."},
				{Name: "element", Type: Any(), Required: true, Doc: "What should be in it."},
				message,
			},
			Example: `assert_contains([score.name for score in [tenant("blue")]], "blue")`,
			test:    runAssertContains,
		},
		{
			Name: assertFails, Family: familyTests, TestOnly: true, Positional: 2, Summary: "that a call fails",
			Arguments: []Argument{
				{Name: "function", Type: Any(), Required: true, Doc: "What is called, without arguments: a function or a lambda."},
				{Name: "message", Type: String(), Doc: "A regular expression that must be found in what the failure says.", Hint: `message = "want at least"`},
			},
			Example: `def stack(replicas):
    if replicas < 2:
        fail("replicas: got %d, want at least 2" % replicas)
    return monitoring_stack(V2_CRD, replicas = replicas)

assert_fails(lambda: stack(replicas = 1), "want at least 2")`,
			test: runAssertFails,
		},
	}
}

// verdict tells the tester how an assertion ended.
func verdict(tester Tester, run *host.Thread, c *Call, holds bool, summary, detail string) {
	if holds {
		tester.Held(run, c.Origin())
		return
	}
	if _, has := c.signature.find("message"); has && c.Name() != assertFails && c.Given("message") {
		summary = c.String("message") + ": " + summary
	}
	tester.Failed(run, c.Origin(), c.Name()+": "+summary, detail)
}

func runAssertEqual(wanted bool) func(Tester, *host.Thread, *Call) (starlark.Value, error) {
	return func(tester Tester, run *host.Thread, c *Call) (starlark.Value, error) {
		got, want := c.Value("got").(starlark.Value), c.Value("want").(starlark.Value)
		equal, err := starlark.Equal(got, want)
		if err != nil {
			return nil, err
		}
		if wanted {
			verdict(tester, run, c, equal, "the values differ", fmt.Sprintf("got:  %s\nwant: %s", shown(got), shown(want)))
		} else {
			verdict(tester, run, c, !equal, "got "+shown(got)+", want another value", "")
		}
		return starlark.None, nil
	}
}

func runAssertContains(tester Tester, run *host.Thread, c *Call) (starlark.Value, error) {
	container, element := c.Value("container").(starlark.Value), c.Value("element").(starlark.Value)
	in, err := starlark.Binary(syntax.IN, element, container)
	if err != nil {
		return nil, fmt.Errorf("got container of type %s and element of type %s, want a list, dict, set or string that could have it", container.Type(), element.Type())
	}
	verdict(tester, run, c, bool(in.Truth()), shown(element)+" is missing", "got: "+shown(container))
	return starlark.None, nil
}

func runAssertFails(tester Tester, run *host.Thread, c *Call) (starlark.Value, error) {
	if run == nil {
		return nil, errNoHost
	}
	function, ok := c.Value("function").(starlark.Callable)
	if !ok {
		return nil, fmt.Errorf("got %s, want a function: write assert_fails(lambda: …)", c.Value("function").(starlark.Value).Type())
	}
	pattern, err := regexp.Compile(c.String("message"))
	if err != nil {
		return nil, fmt.Errorf("message: %w", err)
	}
	value, problems := run.Call(function)
	switch {
	case !problems.HasErrors():
		verdict(tester, run, c, false, "got no failure", "the call gave: "+shown(value))
	case !pattern.MatchString(problems.Error()):
		verdict(tester, run, c, false, fmt.Sprintf("got another failure, want one with %q", c.String("message")), problems.Error())
	default:
		verdict(tester, run, c, true, "", "")
	}
	return starlark.None, nil
}

// shown writes a value, cut where it is long.
func shown(v starlark.Value) string {
	if v == nil {
		return "None"
	}
	if sized, ok := v.(*Value); ok && sized.PrintedSize() > maxShown {
		return sized.Type() + "(…)"
	}
	text := v.String()
	if len(text) > maxShown {
		text = strings.ToValidUTF8(text[:maxShown], "") + "…"
	}
	return text
}
