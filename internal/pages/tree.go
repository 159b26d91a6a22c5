package pages

import "bytes"

// bucket checks the tree below a page. All keys in it must lie from low up to, but not with, high (nil: no limit): where
// they do not, bbolt finds another page than it came from, and frees that.
func (c *checker) bucket(id uint64, depth int, low, high []byte) error {
	if depth > deepest {
		return unsound("too deep")
	}
	page, done, err := c.page(id)
	if err != nil {
		return err
	}
	defer done()
	switch kind := order.Uint16(page[8:]); kind {
	case leaf:
		return c.leaf(page, id, low, high, func(value []byte) error { return c.nested(value, id, depth) })
	case branch:
		return c.branch(page, id, depth, low, high)
	default:
		return unsound("page %d is of kind %#x", id, kind)
	}
}

func (c *checker) branch(page []byte, id uint64, depth int, low, high []byte) error {
	count := int(order.Uint16(page[10:]))
	if count == 0 || header+count*element > len(page) {
		return unsound("page %d leads to %d pages", id, count)
	}
	keys := make([][]byte, count)
	for i := range keys {
		at := header + i*element
		key, err := span(page, at, order.Uint32(page[at:]), order.Uint32(page[at+4:]), 0)
		if err != nil || !between(key, low, high) || i > 0 && bytes.Compare(keys[i-1], key) >= 0 {
			return unsound("page %d, entry %d", id, i)
		}
		keys[i] = key
	}
	for i, key := range keys {
		next := high
		if i+1 < count {
			next = keys[i+1]
		}
		if err := c.bucket(order.Uint64(page[header+i*element+8:]), depth+1, key, next); err != nil {
			return err
		}
	}
	return nil
}

func between(key, low, high []byte) bool {
	return bytes.Compare(low, key) <= 0 && (high == nil || bytes.Compare(key, high) < 0)
}

// leaf checks the entries of a leaf page and hands each bucket among them to nested.
func (c *checker) leaf(page []byte, id uint64, low, high []byte, nested func(value []byte) error) error {
	count := int(order.Uint16(page[10:]))
	if header+count*element > len(page) {
		return unsound("page %d holds %d entries", id, count)
	}
	var last []byte
	for i := range count {
		at := header + i*element
		flags, klen, vlen := order.Uint32(page[at:]), order.Uint32(page[at+8:]), order.Uint32(page[at+12:])
		both, err := span(page, at, order.Uint32(page[at+4:]), klen, vlen)
		if err != nil || flags > 1 || klen == 0 ||
			!between(both[:klen], low, high) || i > 0 && bytes.Compare(last, both[:klen]) >= 0 {
			return unsound("page %d, entry %d", id, i)
		}
		last = both[:klen]
		if flags == 1 {
			if err := nested(both[klen:]); err != nil {
				return err
			}
		}
	}
	return nil
}

// nested is a bucket in a leaf: the number of its page, or, when small, its only page itself.
func (c *checker) nested(value []byte, id uint64, depth int) error {
	if len(value) < bucketLen {
		return unsound("page %d holds half a bucket", id)
	}
	if root := order.Uint64(value); root != 0 {
		return c.bucket(root, depth+1, nil, nil)
	}
	inside := value[bucketLen:]
	if len(inside) < header || order.Uint64(inside) != 0 || order.Uint16(inside[8:]) != leaf || order.Uint32(inside[12:]) != 0 {
		return unsound("page %d holds a bucket that is no page", id)
	}
	return c.leaf(inside, id, nil, nil, func([]byte) error { return unsound("page %d: a bucket in a small bucket", id) })
}

// span is a key and its value, which lie at pos from their entry.
func span(page []byte, at int, pos, klen, vlen uint32) ([]byte, error) {
	from, to := uint64(at)+uint64(pos), uint64(at)+uint64(pos)+uint64(klen)+uint64(vlen)
	if from < header || to > uint64(len(page)) || klen > longestKey {
		return nil, ErrUnsound
	}
	return page[from:to], nil
}

// freelist checks that no page in use is listed as free: bbolt would write over it.
func (c *checker) freelist(id uint64) error {
	page, done, err := c.page(id)
	if err != nil {
		return err
	}
	defer done()
	count, at := uint64(order.Uint16(page[10:])), uint64(header)
	if count == 0xFFFF { // then the count is too large for its field and stands first
		count, at = order.Uint64(page[header:]), header+8
	}
	if order.Uint16(page[8:]) != freelist || count > (uint64(len(page))-at)/8 {
		return unsound("the list of free pages is none")
	}
	for i := range count {
		free := order.Uint64(page[at+8*i:])
		if free < 2 || free >= c.end || c.seen[free] {
			return unsound("page %d is free and in use, or is free twice", free)
		}
		c.seen[free] = true
	}
	return nil
}
