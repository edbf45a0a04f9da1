internal import CRdKafka

/// The library under the wrapper.
public enum ClientLibrary {
    /// The loaded version of librdkafka, such as `2.0.2`; includes the number of a release candidate.
    public static var version: String { unsafe String(cString: rd_kafka_version_str()) }

    /// The loaded version of librdkafka, as numbers.
    public static var number: LibraryVersion { LibraryVersion(number: rd_kafka_version()) }

    /// The known defects of the loaded version.
    public static var defects: [LibraryDefect] { LibraryDefect.known(of: number) }

    /// A hint to add to "the login was refused" for a SASL mechanism; nil if there is none.
    static func hint(mechanism: String, version: LibraryVersion = number) -> String? {
        let defect = LibraryDefect.scramNonce
        guard mechanism.uppercased().hasPrefix("SCRAM"), defect.applies(to: version) else { return nil }
        return "librdkafka \(version): \(defect.effect) (\(defect.source)); \(defect.answer)"
    }
}
