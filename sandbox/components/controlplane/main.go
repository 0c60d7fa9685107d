// SPDX-License-Identifier: Apache-2.0

// Command control-plane is the sandbox's control plane in one binary: `control-plane etcd …`, `control-plane kube-apiserver …`,
// `control-plane kube-controller-manager …` and `control-plane kube-scheduler …` are the upstream programs with their own flags.
//
// They are one binary because they share nearly all of their code: four would take four times the disk and four times the link time.
package main

import (
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"
	_ "time/tzdata" // CronJob time zones on machines without a zone database

	"github.com/spf13/cobra"
	"go.etcd.io/etcd/server/v3/etcdmain"
	"k8s.io/component-base/cli"
	_ "k8s.io/component-base/logs/json/register"
	_ "k8s.io/component-base/metrics/prometheus/clientgo"
	_ "k8s.io/component-base/metrics/prometheus/version"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	controllermanager "k8s.io/kubernetes/cmd/kube-controller-manager/app"
	scheduler "k8s.io/kubernetes/cmd/kube-scheduler/app"
)

func main() {
	// Each program is made only when it is asked for: making one registers its feature gates and metrics for the whole process.
	programs := map[string]func(){
		"etcd":                    func() { etcdmain.Main(os.Args) },
		"kube-apiserver":          func() { run(apiserver.NewAPIServerCommand()) },
		"kube-controller-manager": func() { run(controllermanager.NewControllerManagerCommand()) },
		"kube-scheduler":          func() { run(scheduler.NewSchedulerCommand()) },
	}
	// As with busybox, a link named after a program is that program.
	if program, ok := programs[filepath.Base(os.Args[0])]; ok {
		program()
		return
	}
	if len(os.Args) > 1 {
		if program, ok := programs[os.Args[1]]; ok {
			os.Args = append([]string{os.Args[1]}, os.Args[2:]...)
			program()
			return
		}
	}
	names := make([]string, 0, len(programs))
	for name := range programs {
		names = append(names, name)
	}
	sort.Strings(names)
	fmt.Fprintf(os.Stderr, "usage: control-plane PROGRAM [flags], where PROGRAM is one of: %s\n", strings.Join(names, ", "))
	os.Exit(2)
}

// run executes an upstream command as its own main function would, and ends the process with its exit code.
func run(command *cobra.Command) {
	os.Exit(cli.Run(command))
}
