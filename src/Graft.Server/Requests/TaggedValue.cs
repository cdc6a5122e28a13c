using System.Globalization;
using System.Text;
using Graft.Sqlite;

namespace Graft.Server;

/// <summary>Values that JSON can't say, each as an object of one member: what is read is what the lossless answers write.</summary>
/// <remarks>
/// <c>{"$integer":"9223372036854775807"}</c>, <c>{"$real":"-0.0"}</c> (also <c>Infinity</c>, <c>-Infinity</c>, <c>NaN</c>), <c>{"$text":"…"}</c> and
/// <c>{"$blob":"…"}</c> with base64 of the bytes.
/// </remarks>
internal static class TaggedValue
{
    internal const string Integer = "$integer";
    internal const string Real = "$real";
    internal const string Text = "$text";
    internal const string Blob = "$blob";

    internal static bool IsTag(string name) => name is Integer or Real or Text or Blob;

    /// <summary>What a tag wants behind it, for who got it wrong.</summary>
    internal static string Describe(string tag) => tag switch
    {
        Integer => "an integer of 64 bits as a string",
        Real => "a number, Infinity, -Infinity or NaN as a string",
        _ => "base64 as a string",
    };

    internal static bool TryRead(string tag, string content, out SqlValue value)
    {
        value = default;
        switch (tag)
        {
            case Integer when long.TryParse(content, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long integer):
                value = SqlValue.FromInteger(integer);
                return true;
            case Real when double.TryParse(content, NumberStyles.Float, CultureInfo.InvariantCulture, out double real):
                value = SqlValue.FromReal(real);
                return true;
            case Text or Blob:
                byte[] bytes = new byte[Encoding.UTF8.GetByteCount(content)];
                if (!Convert.TryFromBase64String(content, bytes, out int length))
                {
                    return false;
                }

                value = tag == Text ? SqlValue.FromText(bytes.AsMemory(0, length)) : SqlValue.FromBlob(bytes.AsMemory(0, length));
                return true;
            default:
                return false;
        }
    }
}
