extension RangeReplaceableCollection where Self: MutableCollection, Self: BidirectionalCollection, Index == Int {
    /// Removes an element; the last one takes its place, and no other moves.
    ///
    /// Returns the removed element, and the one that has taken its place, if any.
    mutating func removeSwapping(at index: Int) -> (removed: Element, moved: Element?) {
        swapAt(index, count - 1)
        let removed = removeLast()
        return (removed, index < count ? self[index] : nil)
    }
}
