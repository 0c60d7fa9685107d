// SPDX-License-Identifier: Apache-2.0

// This file holds problems: what goes wrong with a chart, before it is known at which line of a script that is.

package helm

import (
	"context"
	"errors"
	"net"
	"net/url"
	"strings"
	"syscall"

	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/diag"
)

// problem is a diagnostic without its place.
type problem struct {
	code, summary, detail, fix string
	// argument of helm_chart(…) that is to blame: "repository", "name", "version", "path", "digest".
	argument string
	// value is the path of the value that is to blame, when it is one.
	value   []string
	warning bool
}

// Error returns the summary.
func (p *problem) Error() string { return p.summary }

// suggest names the candidate that was probably meant.
func (p *problem) suggest(name string, candidates []string) {
	if near := diag.Nearest(name, candidates); near != "" {
		p.fix = "did you mean " + near + "?"
	}
}

// at turns a problem into a diagnostic at the release's lines.
func (p *problem) at(release backend.Release) diag.Diagnostic {
	d := diag.Diagnostic{Severity: diag.Error, Code: p.code, Summary: p.summary, Detail: p.detail, Fix: p.fix}
	if p.warning {
		d.Severity = diag.Warning
	}
	origin, argument := release.Origin, "helm_chart"
	switch chart := release.Chart.Origin; {
	case p.value != nil:
		argument = "helm_values"
		for _, key := range p.value {
			argument += "[" + key + "]"
		}
	case p.argument != "" && chart.Position().IsValid():
		origin, argument = chart, p.argument
	}
	d.Position = origin.Of(argument)
	d.Length = origin.LengthOf(argument)
	d.Related = diag.Callers(origin)
	return d
}

func notFound(from source, why string) *problem {
	p := &problem{
		code: "chart-not-found", argument: "version", summary: "chart at " + from.String() + ": it was not found", detail: why,
		fix: "check the address, the name and the version",
	}
	if from.path != "" {
		p.argument = "path"
	}
	return p
}

func unauthorized(from source, why, login string) *problem {
	return &problem{
		code: "chart-unauthorized", argument: "repository", summary: "chart at " + from.String() + ": it may not be read with these credentials", detail: why,
		fix: "check the address, then log in as for helm: `" + login + "`",
	}
}

func unreachable(from source, err error) *problem {
	if errors.Is(err, context.Canceled) {
		return &problem{code: "interrupted", summary: "interrupted"}
	}
	return &problem{
		code: "chart-unreachable", argument: "repository", summary: "chart at " + from.String() + ": it cannot be downloaded: " + plainError(err),
		fix: "check the network, or use a mirror or a downloaded .tgz archive: helm_chart(path = …)",
	}
}

// plainError drops the method and address that HTTP clients put in front, which may hold credentials.
func plainError(err error) string {
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err
	}
	var lookup *net.DNSError
	var network net.Error
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return "connection refused"
	case errors.As(err, &lookup):
		return "the host name " + lookup.Name + " is not known"
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &network) && network.Timeout():
		return "no answer in time"
	}
	return oneLine(err.Error())
}

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }
