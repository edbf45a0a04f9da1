internal import CRdKafka

/// The library that the wrapper stands on.
public enum ClientLibrary {
    /// The version of librdkafka that is loaded, such as `2.0.2`; with the candidate, where it is one.
    public static var version: String { unsafe String(cString: rd_kafka_version_str()) }

    /// The version of librdkafka that is loaded, as numbers.
    public static var number: LibraryVersion { LibraryVersion(number: rd_kafka_version()) }

    /// What is known to be wrong with it.
    public static var defects: [LibraryDefect] { LibraryDefect.known(of: number) }

    /// What has to be known beside "the login was refused", with a mechanism of SASL; nil where nothing has.
    static func hint(mechanism: String, version: LibraryVersion = number) -> String? {
        let defect = LibraryDefect.scramNonce
        guard mechanism.uppercased().hasPrefix("SCRAM"), defect.applies(to: version) else { return nil }
        return "librdkafka \(version): \(defect.effect) (\(defect.source)); \(defect.answer)"
    }
}
