// SPDX-License-Identifier: Apache-2.0

package deployment

import (
	"errors"
	"runtime"
	"sync/atomic"
	"testing"
)

func withCores(t *testing.T, cores int) {
	t.Helper()
	before := runtime.GOMAXPROCS(cores)
	t.Cleanup(func() { runtime.GOMAXPROCS(before) })
}

// TestOrdered runs with one core and with many: what is used, and in what order, may not differ.
func TestOrdered(t *testing.T) {
	refused := errors.New("refused")
	for _, cores := range []int{1, 2, 8} {
		withCores(t, cores)
		for _, n := range []int{0, 1, 2, 7, 1000} {
			var used []int
			var begun atomic.Int64
			err := ordered(n, func(i int) (int, error) {
				begun.Add(1)
				return i * i, nil
			}, func(i, value int) error {
				if value != i*i {
					t.Fatalf("%d cores: use(%d): got %d, want %d", cores, i, value, i*i)
				}
				used = append(used, i)
				if waiting := int(begun.Load()) - len(used); waiting > cores*waitingPerCore+2*cores+1 {
					t.Fatalf("%d cores: got %d results waiting, want fewer", cores, waiting)
				}
				return nil
			})
			if err != nil || len(used) != n {
				t.Fatalf("%d cores: got %d of %d results and the error %v, want all", cores, len(used), n, err)
			}
			for i, number := range used {
				if i != number {
					t.Fatalf("%d cores: got number %d in place %d", cores, number, i)
				}
			}
		}
		for _, at := range []string{"work", "use"} {
			used := 0
			err := ordered(500, func(i int) (int, error) {
				if i >= 50 && at == "work" {
					return 0, refused
				}
				return i, nil
			}, func(i, _ int) error {
				if i == 50 {
					if at == "use" {
						return refused
					}
					t.Errorf("%d cores: got a result that failed", cores)
				}
				used++
				return nil
			})
			if !errors.Is(err, refused) || used != 50 {
				t.Errorf("%d cores, error of %s: got %v after %d results, want %v after 50", cores, at, err, used, refused)
			}
		}
	}
}

func TestOrderedPanics(t *testing.T) {
	for _, cores := range []int{1, 4} {
		withCores(t, cores)
		func() {
			defer func() {
				if got := recover(); got != "a bug" {
					t.Errorf("%d cores: got %v, want the panic of the work in the caller", cores, got)
				}
			}()
			_ = ordered(100, func(i int) (int, error) {
				if i == 20 {
					panic("a bug")
				}
				return i, nil
			}, func(int, int) error { return nil })
			t.Errorf("%d cores: got an end without a panic", cores)
		}()
	}
}
