// SPDX-License-Identifier: Apache-2.0

// This file has what is said last outlive a run that was asked to stop.

package apply

import (
	"context"
	"errors"
	"time"
)

// lingering returns a context that goes on for a while when ctx ends, so that what has begun can come to its end.
func lingering(ctx context.Context) (context.Context, context.CancelFunc) {
	longer, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		timer := time.AfterFunc(recordTimeout, cancel)
		context.AfterFunc(longer, func() { timer.Stop() })
	})
	return longer, func() { stop(); cancel() }
}

// interrupted reports whether the run was asked to stop.
func interrupted(ctx context.Context) bool {
	return ctx.Err() != nil
}

// lastWords returns a context for what is said last: it outlives the run's for limit at most, and once the run's has ended no
// longer than recordTimeout.
func lastWords(ctx context.Context, limit time.Duration) (context.Context, context.CancelFunc) {
	longer, end := lingering(ctx)
	limited, cancel := context.WithTimeout(longer, limit)
	return limited, func() { cancel(); end() }
}

// whyStopped says why ctx ended.
func whyStopped(ctx context.Context) string {
	var lost *LockLostError
	if errors.As(context.Cause(ctx), &lost) {
		return "the lock was lost"
	}
	return "the run was interrupted"
}

// isCancel reports whether err is the context's own.
func isCancel(ctx context.Context, err error) bool {
	return ctx.Err() != nil && (errors.Is(err, context.Cause(ctx)) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded))
}
