using System.Globalization;

namespace Graft.Server;

/// <summary>Doubles as Go's JSON writes them: the shortest digits that are read back the same; with an exponent below 1e-6 and from 1e21 on.</summary>
internal static class GoNumber
{
    /// <param name="value">Finite.</param>
    internal static string Format(double value)
    {
        string sign = double.IsNegative(value) ? "-" : "";
        double size = Math.Abs(value);
        if (size == 0)
        {
            return $"{sign}0";
        }

        (string digits, int point) = Split(size.ToString("R", CultureInfo.InvariantCulture));
        if (size is >= 1e-6 and < 1e21)
        {
            return sign + (point <= 0 ? $"0.{new string('0', -point)}{digits}"
                : point >= digits.Length ? digits + new string('0', point - digits.Length)
                : $"{digits[..point]}.{digits[point..]}");
        }

        string fraction = digits.Length > 1 ? $".{digits[1..]}" : "";
        int exponent = point - 1;
        return string.Create(CultureInfo.InvariantCulture, $"{sign}{digits[0]}{fraction}e{(exponent < 0 ? "-" : "+")}{Math.Abs(exponent)}");
    }

    // The number is 0.digits times ten to the power of point.
    private static (string Digits, int Point) Split(string text)
    {
        int e = text.IndexOf('E', StringComparison.Ordinal);
        int exponent = e < 0 ? 0 : int.Parse(text.AsSpan(e + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        string mantissa = e < 0 ? text : text[..e];
        int dot = mantissa.IndexOf('.', StringComparison.Ordinal);
        string digits = mantissa.Replace(".", "", StringComparison.Ordinal);
        int point = (dot < 0 ? mantissa.Length : dot) + exponent;
        string significant = digits.TrimStart('0');
        return (significant.TrimEnd('0'), point - (digits.Length - significant.Length));
    }
}
