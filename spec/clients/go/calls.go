// Go's gomemcache: what each call returns, as JSON.
// Usage: calls PORT
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/bradfitz/gomemcache/memcache"
)

// said gives the text of an error, or nil.
func said(err error) interface{} {
	if err == nil {
		return nil
	}
	return err.Error()
}

type list []interface{}

func main() {
	client := memcache.New("127.0.0.1:" + os.Args[1])
	client.Timeout = 10 * time.Second
	results := map[string]interface{}{}

	get := func(key string) list {
		item, err := client.Get(key)
		if err != nil {
			return list{nil, said(err)}
		}
		return list{string(item.Value), item.Flags}
	}
	item := func(key, value string) *memcache.Item {
		return &memcache.Item{Key: key, Value: []byte(value)}
	}
	counted := func(value uint64, err error) list { return list{value, said(err)} }

	results["FlushAll"] = said(client.FlushAll())
	text := "grüße\r\nEND\r\n"
	results["Set"] = said(client.Set(&memcache.Item{Key: "text", Value: []byte(text), Flags: 0xfedcba98, Expiration: 100}))
	results["Get"] = get("text")
	results["Get of a miss"] = get("nobody")
	results["empty"] = list{said(client.Set(item("empty", ""))), get("empty")}
	big := strings.Repeat("x", 1000000)
	err := client.Set(item("big", big))
	found, _ := client.Get("big")
	results["big"] = list{said(err), string(found.Value) == big}
	err = client.Set(item("big", big+big))
	results["too big"] = list{said(err), get("big")}
	results["malformed keys"] = list{said(client.Set(item("not a key", "v"))), said(client.Set(item(strings.Repeat("k", 251), "v")))}
	results["a key of 250 bytes"] = list{said(client.Set(item(strings.Repeat("k", 250), "v"))), get(strings.Repeat("k", 250))}

	keys := []string{"nobody"}
	for number := 0; number < 200; number++ {
		keys = append(keys, fmt.Sprintf("key-%d", number))
		client.Set(item(keys[number+1], fmt.Sprintf("value of %d", number)))
	}
	items, err := client.GetMulti(keys)
	results["GetMulti"] = list{len(items), string(items["key-199"].Value), said(err)}

	results["Add"] = list{said(client.Add(item("new", "a"))), said(client.Add(item("new", "b")))}
	results["Replace"] = list{said(client.Replace(item("new", "c"))), said(client.Replace(item("nobody", "c"))), get("new")}
	results["Delete"] = list{said(client.Delete("new")), said(client.Delete("new"))}

	client.Set(item("count", "10"))
	results["Increment"] = list{counted(client.Increment("count", 5)), counted(client.Increment("nobody", 5))}
	results["Decrement"] = list{counted(client.Decrement("count", 1)), counted(client.Decrement("count", 100)), counted(client.Decrement("nobody", 1))}
	client.Set(item("wide", "18446744073709551615"))
	results["Increment over 64 bits"] = counted(client.Increment("wide", 2))
	results["Increment of a word"] = counted(client.Increment("text", 1))

	client.Set(item("swap", "old"))
	mine, _ := client.Get("swap")
	late, _ := client.Get("swap")
	mine.Value, late.Value = []byte("new"), []byte("late")
	gone, _ := client.Get("count")
	client.Delete("count")
	results["CompareAndSwap"] = list{said(client.CompareAndSwap(mine)), said(client.CompareAndSwap(late)), said(client.CompareAndSwap(gone)), get("swap")}

	results["Touch"] = list{said(client.Touch("swap", 100)), said(client.Touch("nobody", 100))}
	results["expired at once"] = list{said(client.Set(&memcache.Item{Key: "gone", Value: []byte("x"), Expiration: -1})), get("gone")}

	client.Set(item("hits", "0"))
	var waiting sync.WaitGroup
	for worker := 0; worker < 20; worker++ {
		waiting.Add(1)
		go func() {
			defer waiting.Done()
			for turn := 0; turn < 20; turn++ {
				client.Increment("hits", 1)
			}
		}()
	}
	waiting.Wait()
	results["400 increments at once"] = get("hits")

	results["DeleteAll"] = list{said(client.DeleteAll()), get("swap")}
	client.Set(item("swap", "x"))
	results["Get after FlushAll"] = list{said(client.FlushAll()), get("swap")}

	output, _ := json.Marshal(results)
	fmt.Println(string(output))
}
