internal import CRdKafka

/// The library that the wrapper stands on.
public enum ClientLibrary {
    /// The version of librdkafka that is loaded, such as `2.0.2`.
    public static var version: String { unsafe String(cString: rd_kafka_version_str()) }
}
