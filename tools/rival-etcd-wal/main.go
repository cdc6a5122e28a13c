// Measures etcd's write-ahead log on the work that `./bench log` gives to Graft's: one appender that saves a batch of
// entries and waits for the flush. Prints the median of a save in microseconds.
package main

import (
	"flag"
	"fmt"
	"os"
	"sort"
	"time"

	"go.etcd.io/etcd/raft/raftpb"
	"go.etcd.io/etcd/wal"
	"go.uber.org/zap"
)

func main() {
	dir := flag.String("dir", "", "the directory to make")
	size := flag.Int("size", 256, "bytes of payload")
	batch := flag.Int("batch", 1, "entries per save")
	seconds := flag.Float64("seconds", 1, "how long to measure, after as long a warm-up")
	flag.Parse()

	log, err := wal.Create(zap.NewNop(), *dir, nil)
	check(err)
	defer log.Close()

	index := uint64(0)
	payload := make([]byte, *size)
	run := func(length time.Duration) []float64 {
		var times []float64
		for begin := time.Now(); time.Since(begin) < length; {
			entries := make([]raftpb.Entry, *batch)
			for i := range entries {
				index++
				entries[i] = raftpb.Entry{Term: 1, Index: index, Data: payload}
			}

			at := time.Now()
			check(log.Save(raftpb.HardState{Term: 1, Commit: index}, entries))
			times = append(times, float64(time.Since(at).Nanoseconds())/1000)
		}

		return times
	}

	length := time.Duration(*seconds * float64(time.Second))
	run(length)
	times := run(length)
	sort.Float64s(times)
	fmt.Printf("%.1f\n", times[len(times)/2])
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
