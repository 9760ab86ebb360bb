/** A time by the clock of this device, written as the server's pages write theirs. */
export function clock(at: Date, language: string): string {
    const two = (number: number): string => String(number).padStart(2, "0");
    const [year, month, day] = [at.getFullYear(), at.getMonth() + 1, at.getDate()];
    const hour = `${two(at.getHours())}:${two(at.getMinutes())}`;
    const where = zone(language, at);
    if (language === "ja") return `${year}年${month}月${day}日${hour}（${where}）`;
    return `${year}-${two(month)}-${two(day)} ${hour} ${where}`;
}

/** What the clock of this device is called at a time. */
export function zone(language: string, at = new Date()): string {
    const parts = new Intl.DateTimeFormat(language, { timeZoneName: "short" }).formatToParts(at);
    return parts.find((each) => each.type === "timeZoneName")?.value ?? "";
}
