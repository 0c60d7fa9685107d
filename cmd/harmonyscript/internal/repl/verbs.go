// SPDX-License-Identifier: Apache-2.0

// This file carries out what plan(), render(), apply() and status() ask for.

package repl

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/harmonyscript/harmonyscript/runtime/deployment"
	"github.com/harmonyscript/harmonyscript/runtime/diag"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// ErrReported is what a verb returns when it failed and has printed why.
var ErrReported = errors.New("repl: got a verb that failed")

// Verbs do what the verbs of the command line do, and print what they print. The diagnostics of an error that is a
// diag.List are printed; ErrReported is not printed any more.
type Verbs interface {
	Plan(context.Context, Request) error
	Render(context.Context, Request) error
	Apply(context.Context, Request) error
	Status(context.Context, Request) error
}

// Request is what a verb is to work on.
type Request struct {
	// Loaded has the deployment with its objects. For Status it has the deployment's name only.
	Loaded *deployment.Loaded
	// Sources are the texts of chunks and scripts.
	Sources diag.Sources
	// Titles name the scores that were given; none means all of the deployment.
	Titles []string
	// Partial says that scores were given but no name of a deployment: they may be a part of it only.
	Partial bool
}

// carryOut does what a verb is to do. It returns what is wrong with the scores, or the error of the verb.
func (s *shell) carryOut(ctx context.Context, a action) (diag.List, error) {
	result := s.session.Result()
	switch {
	case a.name != "":
		result.Deployment.Name = a.name
	case s.options.Name != "":
		result.Deployment.Name = s.options.Name
	}
	request := Request{Sources: s.session.Sources, Partial: len(a.scores) > 0 && a.name == ""}
	for _, one := range a.scores {
		request.Titles = append(request.Titles, one.Title())
	}
	result.Deployment.Scores = latest(result.Deployment.Scores)
	if len(a.scores) > 0 {
		result.Deployment.Scores = a.scores
	}
	if a.verb == statusName {
		request.Loaded = &deployment.Loaded{Result: result}
		return nil, s.options.Verbs.Status(ctx, request)
	}
	if len(result.Deployment.Scores) == 0 {
		return diag.List{{
			Severity: diag.Error, Code: "nothing-deployed", Position: a.at, Length: len(a.verb), Summary: a.verb + ": got no score, and deploy() has collected none",
			Fix: fmt.Sprintf("write %s(stack), or deploy(stack) first", a.verb),
		}}, nil
	}
	loaded, err := s.options.Finish(result)
	if err != nil {
		return nil, err
	}
	if loaded.Diagnostics.HasErrors() {
		return loaded.Diagnostics, nil
	}
	s.show(loaded.Diagnostics)
	request.Loaded = loaded
	verbs := map[string]func(context.Context, Request) error{
		planName: s.options.Verbs.Plan, renderName: s.options.Verbs.Render, applyName: s.options.Verbs.Apply,
	}
	return nil, verbs[a.verb](ctx, request)
}

// explain turns the error of a verb into diagnostics. What has no place in a script is shown at the call.
func explain(ctx context.Context, a action, err error) diag.List {
	var list diag.List
	switch {
	case err == nil, errors.Is(err, ErrReported):
		return nil
	case errors.As(err, &list):
		list = slices.Clone(list)
		for i := range list {
			if list[i].Position == (score.Position{}) {
				list[i].Position, list[i].Length = a.at, len(a.verb)
			}
		}
		return list
	case ctx.Err() != nil:
		return diag.List{{Severity: diag.Error, Code: cancelledCode, Position: a.at, Length: len(a.verb), Summary: a.verb + ": cancelled before its end"}}
	default:
		return diag.List{{Severity: diag.Error, Code: "command-failed", Position: a.at, Length: len(a.verb), Summary: err.Error()}}
	}
}

// cancelledCode is the code of what an interrupt has ended.
const cancelledCode = "cancelled"
