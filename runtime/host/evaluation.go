// SPDX-License-Identifier: Apache-2.0

// This file turns errors of a running script into diagnostics.

package host

import (
	"errors"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"go.starlark.net/starlark"

	"github.com/harmonyscript/harmonyscript/runtime/diag"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// evaluationProblems converts what the interpreter returned.
func (t *Thread) evaluationProblems(err error) diag.List {
	if errors.Is(err, errLoadFailed) {
		return nil
	}
	var list diag.List
	if errors.As(err, &list) {
		return list
	}
	var failure *starlark.EvalError
	if !errors.As(err, &failure) {
		return diag.List{{Severity: diag.Error, Code: "evaluation-error", Position: entirely(t.loader.entry), Summary: "script: " + err.Error()}}
	}
	d := diag.Diagnostic{Severity: diag.Error, Code: "evaluation-error", Summary: failure.Msg}
	who := ""
	frames := slices.Clone(failure.CallStack)
	slices.Reverse(frames)
	for len(frames) > 0 && frames[0].Pos.Line == 0 { // a builtin
		if who = frames[0].Name; hidden(who) {
			who = ""
		}
		frames = frames[1:]
	}
	// A function that refuses its arguments has begun, but the mistake is in the call.
	if match := wrongArguments().FindStringSubmatch(failure.Msg); who == "" && match != nil && len(frames) > 1 && frames[0].Name == match[1] {
		who, frames = match[1], frames[1:]
		d.Summary = who + ": " + match[2]
	}
	if len(frames) > 0 {
		d.Position, d.Length = t.placeOf(frames[0], who)
		for i, frame := range frames[1:] {
			if frame.Pos.Line == 0 {
				continue
			}
			at, _ := t.placeOf(frame, "call")
			message := "called from here"
			if frames[i].Name == topLevel {
				message = "loaded from here"
			}
			d.Related = append(d.Related, diag.Related{Position: at, Message: message})
		}
	}
	if reason := t.stop.get(); reason != StopNone {
		stopped := t.stopped(d.Position)
		stopped.Related = d.Related
		return diag.List{stopped}
	}
	explain(&d, failure, who, frames)
	return diag.List{d}
}

// placeOf returns the place of a frame. When something was being called there it is the call, not its bracket.
func (t *Thread) placeOf(frame starlark.CallFrame, called string) (at score.Position, length int) {
	at = position(frame.Pos)
	if called == "" {
		return at, 0
	}
	c := t.call(frame.Pos)
	if c.expr != nil {
		length = lengthOfName(c)
	}
	return c.position, length
}

func lengthOfName(c *call) int { return length(c.expr.Fn) }

var (
	reservedAttribute = whenNeeded(`^(\S+) has no \.(\S+) (?:field or method|attribute)(?: \(did you mean \.(\S+)\?\))?$`)
	uncalledFunction  = whenNeeded(`^function (\S+) called recursively$`)
	wrongArguments    = whenNeeded(`^function (\S+) ((?:missing|accepts|got) .*)$`)
	binaryOperands    = whenNeeded(`^unknown binary op: (\S+) (\S+) (\S+)$`)
	missingName       = whenNeeded(`^load: name (\S+) not found in module (.*)$`)
)

// explain chooses code, summary and fix by what failed.
func explain(d *diag.Diagnostic, failure *starlark.EvalError, who string, frames []starlark.CallFrame) {
	var large *limitError
	switch match := []string(nil); {
	case who == "fail" && strings.HasPrefix(failure.Msg, "fail: "):
		d.Code = "script-failed"
		d.Summary = strings.TrimPrefix(failure.Msg, "fail: ")
	case errors.As(failure, &large):
		d.Code, d.Fix = "too-many-elements", "make it smaller, or in parts"
	case find(uncalledFunction, failure.Msg, &match):
		d.Code, d.Summary = "recursion", "script: function "+match[1]+" calls itself, directly or through others"
		d.Fix = "there is no recursion in this language: write a loop over range(n)"
	case find(reservedAttribute, failure.Msg, &match):
		d.Summary = match[1] + ": got no field or method " + quote(match[2])
		if match[3] != "" {
			d.Fix = "did you mean " + quote(match[3]) + "?"
		} else {
			d.Fix = "dir(x) lists what there is"
		}
	case find(binaryOperands, failure.Msg, &match):
		d.Summary = "operator " + match[2] + ": got " + match[1] + " and " + match[3]
		if match[2] == "+" && (match[1] == "string" || match[3] == "string") {
			d.Fix = "turn the other side into text with str(x)"
		}
	case find(missingName, failure.Msg, &match):
		d.Summary = "load: module " + match[2] + " has no name " + quote(match[1])
	case who != "" && strings.HasPrefix(d.Summary, who+": "):
		d.Summary = who + ": " + lowerFirst(strings.TrimPrefix(d.Summary, who+": "))
	default:
		d.Summary = lowerFirst(strings.TrimPrefix(d.Summary, who+": "))
		if who == "" && len(frames) > 0 {
			who = "script"
		}
		d.Summary = who + ": " + d.Summary
	}
	d.Summary = strings.TrimRight(d.Summary, "\n")
	if first, rest, more := strings.Cut(d.Summary, "\n"); more {
		d.Summary, d.Detail = first, rest
	}
}

func find(pattern func() *regexp.Regexp, text string, match *[]string) bool {
	*match = pattern().FindStringSubmatch(text)
	return *match != nil
}

// lowerFirst makes a sentence of another library fit behind "who: ", unless it starts with an abbreviation or a
// type's name.
func lowerFirst(s string) string {
	first, size := utf8.DecodeRuneInString(s)
	second, _ := utf8.DecodeRuneInString(s[size:])
	if unicode.IsUpper(first) && unicode.IsLower(second) {
		return string(unicode.ToLower(first)) + s[size:]
	}
	return s
}

func quote(s string) string { return strconv.Quote(s) }
