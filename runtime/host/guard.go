// SPDX-License-Identifier: Apache-2.0

// This file keeps single operations from eating the machine. Starlark counts steps, but one step can make a
// gigabyte (`[0] * n`, `x = x + x`, `"{0}{0}".format(x)`) or run for hours inside a builtin (`list(range(n))`), where
// neither the count nor a cancellation is looked at. So the syntax tree is rewritten before it is resolved:
// `+`, `*` and `%` and the methods that can multiply go through the functions below,
// whose names no script can spell; `range`, `str` and their like are replaced by ones that look first.

package host

import (
	"fmt"
	"math"
	"math/bits"
	"strings"

	"go.starlark.net/starlark"
	"go.starlark.net/syntax"
)

const (
	// maxText is the most bytes that formatting may make at once.
	maxText = 16 << 20
	// maxIntegerBits is the most bits of a product; more would only serve to keep the processor busy.
	maxIntegerBits = 1 << 16
	// maxPrintDepth is how deeply nested a printed value may be: printing takes the square of it.
	maxPrintDepth = 1000

	productGuard = "$product"
	formatGuard  = "$format"
	operandGuard = "$operand"
	argsGuard    = "$arguments"
	sumGuard     = "$sum"
	extendGuard  = "$extend"
	addedGuard   = "$added"
	methodGuard  = "$method"
)

// hidden reports whether name is one that only rewritten trees use.
func hidden(name string) bool { return strings.HasPrefix(name, "$") }

// guards returns the functions that stand in for dangerous ones.
func guards() starlark.StringDict {
	dict := starlark.StringDict{
		productGuard: starlark.NewBuiltin(productGuard, guardProduct),
		formatGuard:  starlark.NewBuiltin(formatGuard, guardFormat),
		operandGuard: starlark.NewBuiltin(operandGuard, guardOperand),
		argsGuard:    starlark.NewBuiltin(argsGuard, guardArguments),
		sumGuard:     starlark.NewBuiltin(sumGuard, guardSum),
		extendGuard:  starlark.NewBuiltin(extendGuard, guardExtend),
		addedGuard:   starlark.NewBuiltin(addedGuard, guardAdded),
		methodGuard:  starlark.NewBuiltin(methodGuard, guardMethod),
		"getattr":    starlark.NewBuiltin("getattr", guardGetattr),
		"range":      starlark.NewBuiltin("range", guardRange),
	}
	for _, name := range []string{"str", "repr", "print", "fail"} {
		dict[name] = starlark.NewBuiltin(name, guardPrinting)
	}
	return dict
}

// universal calls Starlark's own function of the same name as b.
func universal(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	return starlark.Universe[b.Name()].(*starlark.Builtin).CallInternal(thread, args, kwargs)
}

func elementLimit(thread *starlark.Thread) int {
	if t := FromThread(thread); t != nil {
		return t.Limits().Elements
	}
	return DefaultLimits().Elements
}

func guardRange(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	made, err := universal(thread, b, args, kwargs)
	if err != nil {
		return nil, err
	}
	if n, limit := starlark.Len(made), elementLimit(thread); n > limit {
		return nil, tooLarge("range: got %d elements, want at most %d", n, limit)
	}
	return made, nil
}

func guardPrinting(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	total := 0
	for _, arg := range args {
		total += printedSize(arg, maxText)
	}
	if total > maxText {
		return nil, tooLarge("%s: got a value of more than %d MiB of text", b.Name(), maxText>>20)
	}
	return universal(thread, b, args, kwargs)
}

// guardProduct is `x * y`.
func guardProduct(thread *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, _ []starlark.Tuple) (starlark.Value, error) {
	if err := checkProduct(args[0], args[1], elementLimit(thread)); err != nil {
		return nil, err
	}
	return starlark.Binary(syntax.STAR, args[0], args[1])
}

// guardFormat is `x % y`.
func guardFormat(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, _ []starlark.Tuple) (starlark.Value, error) {
	if format, ok := args[0].(starlark.String); ok {
		size := printedSize(args[1], maxText)
		if _, mapping := args[1].(starlark.Mapping); mapping {
			size = saturatingProduct(size, strings.Count(string(format), "%"))
		}
		if size > maxText {
			return nil, tooLarge("string %% values: got more than %d MiB of text", maxText>>20)
		}
	}
	return starlark.Binary(syntax.PERCENT, args[0], args[1])
}

// guardOperand stands around the right side of `x[i] *= y`, where x[i] cannot be written twice.
func guardOperand(thread *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, _ []starlark.Tuple) (starlark.Value, error) {
	return operand{args[0], elementLimit(thread)}, nil
}

// guardArguments stands around the right side of `x[i] %= y`.
func guardArguments(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, _ []starlark.Tuple) (starlark.Value, error) {
	if printedSize(args[0], maxText) > maxText {
		return nil, tooLarge("string %% values: got more than %d MiB of text", maxText>>20)
	}
	return args[0], nil
}

// operand makes `x *= y` come back to Binary, since no type knows what to do with one.
type operand struct {
	starlark.Value
	limit int
}

var _ starlark.HasBinary = operand{}

// Binary does what `x op y` does, after a look at how large the result would be.
func (o operand) Binary(op syntax.Token, x starlark.Value, _ starlark.Side) (starlark.Value, error) {
	if err := checkProduct(x, o.Value, o.limit); err != nil {
		return nil, err
	}
	return starlark.Binary(op, x, o.Value)
}

func checkProduct(x, y starlark.Value, limit int) error {
	if count, ok := x.(starlark.Int); ok {
		if factor, ok := y.(starlark.Int); ok {
			if count.BigInt().BitLen()+factor.BigInt().BitLen() > maxIntegerBits {
				return tooLarge("int * int: got a product of more than %d bits", maxIntegerBits)
			}
			return nil
		}
		x, y = y, x
	}
	count, ok := y.(starlark.Int)
	if !ok {
		return nil
	}
	n := math.MaxInt32
	if small, ok := count.Int64(); ok && small < math.MaxInt32 {
		n = int(small)
	}
	switch x := x.(type) {
	case starlark.String, starlark.Bytes:
		if size := saturatingProduct(starlark.Len(x), n); size > maxText {
			return tooLarge("%s * int: got more than %d MiB of text", x.Type(), maxText>>20)
		}
	case *starlark.List, starlark.Tuple:
		if size := saturatingProduct(starlark.Len(x), n); size > limit {
			return tooLarge("%s * int: got %d elements, want at most %d", x.Type(), size, limit)
		}
	}
	return nil
}

func saturatingProduct(a, b int) int {
	if a <= 0 || b <= 0 {
		return 0
	}
	if high, low := bits.Mul(uint(a), uint(b)); high == 0 && low < 1<<62 {
		return int(low)
	}
	return 1 << 62
}

// printedSize returns about how many bytes v prints as, or anything above budget when that is more. Lists that
// share elements print exponentially more than they hold.
func printedSize(v starlark.Value, budget int) int { return printedSizeAt(v, budget, 0) }

func printedSizeAt(v starlark.Value, budget, depth int) int {
	if depth > maxPrintDepth {
		return budget + 1
	}
	size := 2
	add := func(elem starlark.Value) bool {
		size += 2 + printedSizeAt(elem, budget-size, depth+1)
		return size <= budget
	}
	switch v := v.(type) {
	case starlark.String:
		return size + len(v)
	case starlark.Bytes:
		return size + len(v)
	case starlark.Int:
		return size + v.BigInt().BitLen()/3
	case *starlark.Dict:
		for key, value := range v.Entries() {
			if !add(key) || !add(value) {
				break
			}
		}
	case sized:
		return v.PrintedSize()
	case starlark.Sequence:
		for elem := range starlark.Elements(v) {
			if !add(elem) {
				break
			}
		}
	}
	return size
}

// sized is what values of ours implement that hold others.
type sized interface {
	// PrintedSize is about how many bytes String returns.
	PrintedSize() int
}

// limitError is a value that a single operation would have made too large.
type limitError struct{ text string }

func (e *limitError) Error() string { return e.text }

func tooLarge(format string, args ...any) error { return &limitError{fmt.Sprintf(format, args...)} }
