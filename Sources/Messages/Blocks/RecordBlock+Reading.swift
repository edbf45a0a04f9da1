import SwiftProtobuf

/// How a block is read from a record.
extension RecordBlock {
    /// Whether the value of a record holds a block.
    public static func isRecord(_ value: Span<UInt8>) -> Bool {
        value.count > 1 && value[0] == UInt8(truncatingIfNeeded: recordField << 3 & 0x7F | 0x80 | 2)
            && value[1] == UInt8(truncatingIfNeeded: recordField >> 4)
    }

    /// Reads a record that holds a block.
    ///
    /// - Parameters:
    ///   - value: the record's value.
    ///   - wanted: whether rows of a layout are needed. For other layouts, only year, layout and the number of rows are
    ///     read.
    /// - Throws: ``BlockFault`` for bytes that are not a block; the block must not be used then.
    public mutating func read(record value: Span<UInt8>, where wanted: (Layout) -> Bool = { _ in true })
        throws(BlockFault)
    {
        var reader = WireReader(0..<value.count)
        guard let outer = try reader.next(value), outer.field == Self.recordField,
            case .bytes(let range) = outer.content, try reader.next(value) == nil
        else { throw BlockFault("not a record with a block") }
        clear()
        var hasLayout = false
        var isWanted = true
        var retracted: [UInt32] = []
        reader = WireReader(range)
        schoolYear = 0
        numbers.removeAll(keepingCapacity: true)
        while let (field, content) = try reader.next(value) {
            guard isWanted || field == 3 else { continue }
            switch field {
            case 1: schoolYear = Int(try WireReader.number(content))
            case 2:
                let name = [UInt8](value.extracting(try WireReader.range(content)))
                guard let known = Self.layouts[name] else { throw BlockFault("a layout that is not known") }
                layout = known
                hasLayout = true
                isWanted = wanted(known)
            case 3: rows = Int(try WireReader.number(content))
            case 8: try WireReader.append(content, value, to: &retracted, limit: Self.mostRows)
            default: try read(field, content, value)
            }
        }
        guard hasLayout, schoolYear > 0, schoolYear <= Int(UInt16.max), rows > 0, rows <= Self.mostRows else {
            throw BlockFault("a block without year, layout or rows")
        }
        guard isWanted else { return }
        try settle(retracted)
    }

    private mutating func read(_ field: Int, _ content: WireReader.Content, _ value: Span<UInt8>) throws(BlockFault) {
        switch field {
        case 4: submissions.append(try WireReader.text(content, value))
        case 5: try WireReader.append(content, value, to: &places, limit: Self.mostRows)
        case 6: try WireReader.append(content, value, to: &numbers, limit: Self.mostRows)
        case 7: try WireReader.append(content, value, to: &organizations, limit: Self.mostRows)
        case 9: try Pseudonyms.append(value.extracting(try WireReader.range(content)), to: &students)
        case 10: keys.append(try WireReader.text(content, value))
        case 11: try WireReader.append(content, value, to: &causes, limit: Self.mostRows)
        case 51: contents.append(.organization(try Self.message(content, value)))
        case 52: contents.append(.participationCounts(try Self.message(content, value)))
        case 53: contents.append(.suppliedValue(try Self.message(content, value)))
        case 54: contents.append(.target(try Self.message(content, value)))
        default:
            guard let column = StudentFact.Column(rawValue: field) else { return }
            try WireReader.append(content, value, to: &columns[column.place], limit: Self.mostRows)
        }
    }

    private static func message<M: Message>(_ content: WireReader.Content, _ value: Span<UInt8>) throws(BlockFault) -> M
    {
        let bytes = [UInt8](value.extracting(try WireReader.range(content)))
        do {
            return try M(serializedBytes: bytes)
        } catch {
            throw BlockFault("a row that does not decode")
        }
    }

    /// Checks that the parts fit together.
    private mutating func settle(_ retracted: [UInt32]) throws(BlockFault) {
        let long = BlockFault("a block whose columns are not as long as it has rows")
        guard places.count <= 1 || places.count == rows, organizations.count <= 1 || organizations.count == rows,
            causes.count <= 1 || causes.count == rows, numbers.count == rows,
            columns.allSatisfy({ $0.count <= 1 || $0.count == rows })
        else { throw long }
        guard places.allSatisfy({ $0 < submissions.count }), causes.allSatisfy({ $0 <= submissions.count }),
            !submissions.isEmpty
        else {
            throw BlockFault("a row of a submission that is not named")
        }
        var line: Int64 = 0
        for number in numbers {
            let sum = line.addingReportingOverflow(WireWriter.value(zigZag: number))
            guard !sum.overflow, sum.partialValue >= 0 else { throw BlockFault("a line before the first") }
            line = sum.partialValue
            lines.append(UInt64(line))
        }
        if !retracted.isEmpty {
            retractions.append(contentsOf: repeatElement(false, count: rows))
            var before: UInt32?
            for row in retracted {
                guard row < rows, before.map({ $0 < row }) ?? true else {
                    throw BlockFault("rows that retract are not in order")
                }
                retractions[Int(row)] = true
                before = row
            }
        }
        guard !isAboutStudents else {
            guard students.count == rows, contents.isEmpty, keys.isEmpty else { throw long }
            return
        }
        guard keys.count == rows, students.isEmpty, contents.count == rows - retracted.count,
            contents.allSatisfy({ Layout(of: $0) == layout })
        else { throw long }
        var next: Int32 = 0
        for row in 0..<rows {
            contentPlaces.append(retracts(row) ? -1 : next)
            if !retracts(row) { next += 1 }
        }
    }
}
