// SPDX-License-Identifier: Apache-2.0

// This file spreads work over all cores and hands out what comes of it in order.

package deployment

import (
	"runtime"
	"sync"
)

// waitingPerCore is how many results may be waiting for their turn, for each core: enough that one slow piece of work
// stops nobody, and few enough that memory does not grow with the work.
const waitingPerCore = 8

// result is what came of one piece of work.
type result[T any] struct {
	value  T
	err    error
	failed any // what the work panicked with
}

// ordered does the work of 0 to n-1 on all cores, and calls use with each result in the order of the numbers, never two at
// a time. It returns the first error in that order, whoever of work and use it is from; then nothing behind it is used.
// What work panics with, the caller of ordered panics with.
func ordered[T any](n int, work func(i int) (T, error), use func(i int, value T) error) error {
	cores := min(runtime.GOMAXPROCS(0), n)
	if cores < 2 {
		for i := range n {
			value, err := work(i)
			if err == nil {
				err = use(i, value)
			}
			if err != nil {
				return err
			}
		}
		return nil
	}
	type job struct {
		number int
		done   chan result[T]
	}
	var (
		queue   = make(chan job)
		waiting = make(chan job, cores*waitingPerCore)
		stop    = make(chan struct{})
		group   sync.WaitGroup
	)
	defer group.Wait()
	defer close(stop)
	group.Go(func() {
		defer close(queue)
		defer close(waiting)
		for i := range n {
			j := job{i, make(chan result[T], 1)}
			select {
			case waiting <- j:
			case <-stop:
				return
			}
			select {
			case queue <- j:
			case <-stop:
				return
			}
		}
	})
	for range cores {
		group.Go(func() {
			for j := range queue {
				j.done <- attempt(work, j.number)
			}
		})
	}
	for j := range waiting {
		r := <-j.done
		if r.failed != nil {
			panic(r.failed)
		}
		if r.err == nil {
			r.err = use(j.number, r.value)
		}
		if r.err != nil {
			return r.err
		}
	}
	return nil
}

func attempt[T any](work func(i int) (T, error), i int) (r result[T]) {
	defer func() { r.failed = recover() }()
	r.value, r.err = work(i)
	return r
}
