using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Graft.Network;

/// <summary>Where a node listens: <c>host:port</c>, with an IPv6 address in brackets.</summary>
/// <param name="Host">A DNS name or an IP address, without brackets. A name stays a name and is looked up at each connect.</param>
/// <param name="Port">1 to 65535; 0 only to listen, and the system chooses one.</param>
/// <remarks>An attribute of a node and never its identity: who answers there is known only after the hello.</remarks>
public readonly record struct NodeAddress(string Host, int Port)
{
    /// <summary>The longest text that is taken, in bytes of UTF-8. A hello has no room for more.</summary>
    public const int BytesMax = 255;

    /// <summary>Reads <c>host:port</c> or <c>[ipv6]:port</c>. A name has ASCII letters, digits, dots, hyphens and underscores; the port is from 0 to 65535.</summary>
    /// <param name="text">The text, at most <see cref="BytesMax"/> bytes.</param>
    /// <exception cref="FormatException">It's neither. The message says what is wrong with it.</exception>
    public static NodeAddress Parse(string text) =>
        TryParse(text, out NodeAddress address, out string error) ? address : throw new FormatException(error);

    /// <summary>Reads <c>host:port</c> or <c>[ipv6]:port</c>. Never throws, whatever the text.</summary>
    /// <param name="text">The text.</param>
    /// <param name="address">What it says; the default if it's refused.</param>
    /// <param name="error">Why it's refused, in a sentence; empty if it isn't.</param>
    /// <returns>Whether it is an address.</returns>
    public static bool TryParse(string? text, out NodeAddress address, out string error)
    {
        address = default;
        error = "";
        if (string.IsNullOrEmpty(text))
        {
            error = "An address is empty; expected host:port.";
        }
        else if (Encoding.UTF8.GetByteCount(text) > BytesMax)
        {
            error = $"An address of {text.Length} characters is too long; at most {BytesMax} bytes are taken.";
        }
        else if (text.LastIndexOf(':') is var colon && colon < 0)
        {
            error = $"'{text}' has no port; expected host:port, for example {text}:7000.";
        }
        else if (!int.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out int port) || port > 65_535)
        {
            error = $"'{text[(colon + 1)..]}' in '{text}' is no port; expected a number from 0 to 65535.";
        }
        else if (!TryReadHost(text[..colon], out string host))
        {
            error = $"'{text[..colon]}' in '{text}' is neither a name nor an IP address; an IPv6 address needs brackets, as in [::1]:7000.";
        }
        else
        {
            address = new NodeAddress(host, port);
        }

        return error.Length == 0;
    }

    /// <summary>Whether only this machine reaches it: <c>localhost</c>, 127.0.0.0/8 or ::1. Other names aren't looked up.</summary>
    public bool IsLoopback => string.Equals(Host, "localhost", StringComparison.OrdinalIgnoreCase)
        || (IPAddress.TryParse(Host, out IPAddress? address) && IPAddress.IsLoopback(address));

    /// <summary>Whether it stands for every address of the machine, as 0.0.0.0 and [::] do: good to listen on, and nothing that anybody could dial.</summary>
    public bool IsAny => IPAddress.TryParse(Host, out IPAddress? address) && (address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any));

    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{(Host?.Contains(':', StringComparison.Ordinal) == true ? $"[{Host}]" : Host)}:{Port}");

    private static bool TryReadHost(string text, out string host)
    {
        bool isBracketed = text.Length > 2 && text[0] == '[' && text[^1] == ']';
        host = isBracketed ? text[1..^1] : text;
        return isBracketed
            ? IPAddress.TryParse(host, out IPAddress? address) && address.AddressFamily == AddressFamily.InterNetworkV6
            : host.Length > 0 && host.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '.' or '-' or '_');
    }
}
