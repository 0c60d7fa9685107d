// SPDX-License-Identifier: Apache-2.0

// This file gives test files the functions that they alone have.

package builtins

import (
	"maps"
	"strings"

	"go.starlark.net/starlark"

	"github.com/harmonyscript/harmonyscript/runtime/host"
)

// TestHost returns a host as Host does in which files whose names end in TestFileSuffix see the functions for tests as
// well. tester judges what they ask.
func (l *Library) TestHost(options host.Options, tester Tester) *host.Host {
	names := l.testPredeclared(tester)
	before := options.PredeclaredIn
	options.PredeclaredIn = func(file string) starlark.StringDict {
		var further starlark.StringDict
		if before != nil {
			further = before(file)
		}
		if !strings.HasSuffix(file, TestFileSuffix) {
			return further
		}
		all := maps.Clone(names)
		maps.Copy(all, further)
		return all
	}
	return l.Host(options)
}

// testPredeclared binds the functions for tests to a tester.
func (l *Library) testPredeclared(tester Tester) starlark.StringDict {
	names := make(starlark.StringDict, len(l.testNames))
	for _, name := range l.testNames {
		s := l.byName[name]
		if s.test != nil {
			bound := *s
			bound.run = func(_ *starlark.Thread, run *host.Thread, c *Call) (starlark.Value, error) {
				if run == nil {
					return nil, errNoHost
				}
				return s.test(tester, run, c)
			}
			s = &bound
		}
		names[name] = s.function()
	}
	return names
}
