/// A school year, named by its spring: 2018-19 is 2019.
public enum SchoolYear {
    /// The years that files, keys and commands may name.
    public static let range = 2000...2100
}
