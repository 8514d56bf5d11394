/// The currencies that are in use, and how many digits each has behind the mark (ISO 4217).
package enum Currency {
    /// Nil for a code that is no currency in use.
    package static func digits(of code: String) -> Int? {
        if let digits = special[code] { return digits }
        return withTwo.contains(code) ? 2 : nil
    }

    private static let special: [String: Int] = {
        var digits: [String: Int] = [:]
        for code in words("BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF") { digits[code] = 0 }
        for code in words("BHD IQD JOD KWD LYD OMR TND") { digits[code] = 3 }
        for code in words("CLF UYW") { digits[code] = 4 }
        return digits
    }()

    private static let withTwo = Set(
        words(
            """
            AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE CHF \
            CHW CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG \
            HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR \
            MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD \
            SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XCD XCG \
            YER ZAR ZMW ZWG
            """))

    private static func words(_ text: String) -> [String] { text.split(separator: " ").map(String.init) }
}
